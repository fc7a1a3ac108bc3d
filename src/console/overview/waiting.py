"""Waiting: what needs attention, in words, and the page on which to see to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from console.addresses import PAST
from console.api_client import Answer
from console.pages import Page

# What one of them and several are called, and where they are listed.
_SAID: Final = {
    "parked_book": ("fact stops the views", "facts stop the views", "/console/system"),
    "open_disputes": ("open dispute", "open disputes", "/console/payments/disputes?status=open"),
    "failed_invoices": (
        "invoice whose payment failed",
        "invoices whose payment failed",
        "/console/invoices?status=failed",
    ),
    "overdue_invoices": (
        "overdue invoice",
        "overdue invoices",
        "/console/invoices?status=overdue",
    ),
    "failed_deliveries": ("webhook given up", "webhooks given up", "/console/webhooks"),
    "failing_endpoints": ("failing endpoint", "failing endpoints", "/console/webhooks"),
    "disabled_endpoints": (
        "endpoint switched off",
        "endpoints switched off",
        "/console/webhooks",
    ),
}


# Of which it is said whose they are: the list, as it is asked for.
_OF_CUSTOMERS: Final = {
    "open_disputes": ("/v1/payments/disputes", {"status": "open"}),
    "failed_invoices": ("/v1/invoices", {"status": "failed"}),
    "overdue_invoices": ("/v1/invoices", {"status": "due"}),
}
_NAMED: Final = 3


@dataclass(frozen=True)
class Waiting:
    """``words`` follow the count; ``since`` is as the API says it; ``whose`` the latest are."""

    count: int
    is_exact: bool
    words: str
    since: str | None
    href: str
    whose: tuple[str, ...] = ()


async def waiting_in(page: Page, attention: Answer) -> list[Waiting]:
    """What waits, in the API's order."""
    return [await _waiting(page, each) for each in attention["items"] if each["count"]]


async def _waiting(page: Page, item: Mapping[str, Any]) -> Waiting:
    one, many, href = _SAID[item["kind"]]
    return Waiting(
        item["count"],
        item["count_is_exact"],
        one if item["count"] == 1 else many,
        item["since"],
        href,
        await _whose(page, item["kind"]),
    )


async def _whose(page: Page, kind: str) -> tuple[str, ...]:
    """Of what waits now, whatever moment the page is about."""
    if kind not in _OF_CUSTOMERS or not page.may("customers:read"):
        return ()
    path, asked = _OF_CUSTOMERS[kind]
    found = (await page.api.get(path, **asked, **dict.fromkeys(PAST), limit=_NAMED)).body
    rows = found if isinstance(found, list) else found["disputes"]
    return tuple(dict.fromkeys(filter(None, (each["customer_name"] for each in rows))))
