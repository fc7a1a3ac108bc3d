"""Waiting: what needs attention, in words, and the page on which to see to it."""

from dataclasses import dataclass
from typing import Final

from console.api_client import Answer

# What one of them and several are called, and where they are listed.
_SAID: Final = {
    "parked_book": ("fact stops the views", "facts stop the views", "/console/system"),
    "open_disputes": ("open dispute", "open disputes", "/console/payments/disputes?status=open"),
    "failed_invoices": ("failed invoice", "failed invoices", "/console/invoices?status=failed"),
    "overdue_invoices": ("overdue invoice", "overdue invoices", "/console/invoices?status=due"),
    "failed_deliveries": ("webhook given up", "webhooks given up", "/console/webhooks"),
    "failing_endpoints": ("failing endpoint", "failing endpoints", "/console/webhooks"),
    "disabled_endpoints": (
        "endpoint switched off",
        "endpoints switched off",
        "/console/webhooks",
    ),
}


@dataclass(frozen=True)
class Waiting:
    """``words`` follow the count; ``since`` is as the API says it."""

    count: int
    is_exact: bool
    words: str
    since: str | None
    href: str


def waiting_in(attention: Answer) -> list[Waiting]:
    """What waits, in the API's order."""
    return [
        Waiting(
            each["count"],
            each["count_is_exact"],
            one if each["count"] == 1 else many,
            each["since"],
            href,
        )
        for each in attention["items"]
        if each["count"]
        for one, many, href in [_SAID[each["kind"]]]
    ]
