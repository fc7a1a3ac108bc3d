"""Waiting: what needs attention, in words, and the page on which to see to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

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


# Of which it is said whose they are.
_OF_CUSTOMERS: Final = ("open_disputes", "failed_invoices", "overdue_invoices")
_NAMED: Final = 3
# So many of them are looked at: one customer may have several.
_LOOKED_AT: Final = 20


@dataclass(frozen=True)
class Waiting:
    """``words`` follow the count; ``since`` is as the API says it; ``whose`` the latest are.

    ``of_others``: some of them are of others than these.
    """

    count: int
    is_exact: bool
    words: str
    since: str | None
    href: str
    whose: tuple[str, ...] = ()
    of_others: bool = False


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
        *await _whose(page, item),
    )


async def _whose(page: Page, item: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """What the latest customers are called, of what was counted; whether there are others."""
    if item["kind"] not in _OF_CUSTOMERS or not page.may("customers:read"):
        return (), False
    path, _, query = item["path"].partition("?")
    # It waits now, whatever moment the page is about.
    asked = dict(parse_qsl(query)) | dict.fromkeys(PAST)
    found = await page.api.get(path, **asked, limit=min(item["count"], _LOOKED_AT))
    rows = found.body if isinstance(found.body, list) else found["disputes"]
    customers = {each["customer_id"]: each["customer_name"] for each in rows}
    named = tuple(filter(None, customers.values()))[:_NAMED]
    return named, len(customers) > len(named)
