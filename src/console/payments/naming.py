"""Names of what payments come from, how they are made, and how they stand, to be chosen from."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from console.states import word_of
from domain.payment_types import Status

SOURCES: Final = {"api": "API", "payment_link": "Payment link", "subscription": "Subscription"}
METHODS: Final = {
    "mobile_money": "Mobile money",
    "card": "Card",
    "bank_transfer": "Bank transfer",
    "ussd": "USSD",
}
PAYERS: Final = {
    "new": "Customers paying for the first time",
    "returning": "Customers who had paid before",
    "guest": "Payers who are not customers",
}
STATUSES: Final = {status: word_of(status) for status in get_args(Status)}


def name_of(payment: Mapping[str, Any]) -> str:
    """What it was for, as far as anybody has said."""
    said = ("description", "source_description", "reference", "id")
    return next(str(payment[name]) for name in said if payment.get(name))
