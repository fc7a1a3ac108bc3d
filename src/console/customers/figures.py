"""Figures of a customer in one currency: the asked one, or their own."""

from collections.abc import Mapping
from typing import Any, Final

AMOUNTS: Final = ("total_spent", "refund_amount", "disputed_amount", "lifetime_value")
_COUNTS: Final = ("payment_count", "successful_payments", "failed_payments", "total_refunds")


def figures_in(customer: Mapping[str, Any], currency: str | None) -> Mapping[str, Any]:
    """Those of ``currency``, with zeros where nothing was paid in it; else the customer's own."""
    if currency is None or currency == customer["currency"]:
        return customer
    for each in customer["totals_by_currency"]:
        if each["currency"] == currency:
            found: Mapping[str, Any] = each
            return found
    return {"currency": currency, **dict.fromkeys((*AMOUNTS, *_COUNTS), 0)}
