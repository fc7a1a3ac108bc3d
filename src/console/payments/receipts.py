"""Receipts: to which address a copy of one goes, or what is in the way of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from console.api_client import Answer
from console.pages import Page

_SHOWN: Final = 200


@dataclass(frozen=True)
class Destination:
    """``to``: None where the viewer may not know; ``missing`` is mended at ``href``."""

    to: str | None = None
    missing: str = ""
    href: str = ""
    link: str = ""


async def destination_of(page: Page, payment: Mapping[str, Any]) -> Destination:
    customer_id = payment["customer_id"]
    if customer_id is None:
        return Destination(missing="Nobody is known who paid: there is no address it could go to.")
    customer = await _asked(page, "customers:read", "/v1/customers/{}", customer_id)
    if customer and not customer["email"]:
        edits = page.may_change("customers:write")
        href = page.url("/console/customers/{}/edit", customer_id) if edits else ""
        return Destination(
            missing="The customer has no email address.", href=href, link="Add their address"
        )
    path = "/v1/workflows/integrations"
    found = await _asked(page, "workflows:read", path, limit=_SHOWN)
    if found and not any(map(_sends_email, found["integrations"])):
        return Destination(
            missing="There is nothing yet through which emails leave.",
            href=page.url("/console/settings/integrations"),
            link="Set up an email integration",
        )
    return Destination(to=customer["email"] if customer else None)


def _sends_email(integration: Mapping[str, Any]) -> bool:
    return (integration["type"], integration["status"]) == ("email", "active")


async def _asked(page: Page, scope: str, path: str, *segments: str, **query: Any) -> Answer | None:
    """None for those who may not ask."""
    return await page.api.get(path, *segments, **query) if page.may(scope) else None
