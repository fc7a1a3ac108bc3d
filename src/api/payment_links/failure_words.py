"""Failure words: why a payment was not made and what to do now, for whoever wanted to pay."""

from collections.abc import Mapping
from typing import Any, Final

_ANOTHER_WAY: Final = "Use another number, or another way to pay."
WORDS: Final = {
    "insufficient_funds": (
        "There is not enough money in the account.",
        "Top it up and try again, or pay from another one.",
    ),
    "card_declined": (
        "The bank declined the card.",
        "Your bank can say why. Use another card, or another way to pay.",
    ),
    "invalid_card": ("The card's details are not right.", "Check them and try again."),
    "expired_card": ("The card has expired.", "Use another card, or another way to pay."),
    "provider_timeout": (
        "No answer came in time.",
        "If you approved it, wait before you pay again: it may still arrive.",
    ),
    "provider_unavailable": ("The payment service is down at the moment.", "Try again later."),
    "no_available_connection": ("Nobody can take it this way for now.", _ANOTHER_WAY),
    "payer_declined": ("It was declined on the phone.", "If that was a mistake, try again."),
    "wrong_pin": ("The PIN was wrong.", "Try again with the right one."),
    "limit_exceeded": ("It is more than the account may pay at once.", _ANOTHER_WAY),
}
# What is said where nobody said why.
_NO_REASON: Final = "the payment failed"


def failure_words(payment: Mapping[str, Any]) -> tuple[str, str]:
    """Why, and what to do; a merchant who names a reason of their own is quoted."""
    said = (payment["failure_message"] or "").rstrip(".")
    known = WORDS.get(payment["failure_code"] or "")
    if known is not None:
        return known
    return (f"The reason: {said}." if said not in ("", _NO_REASON) else "", _ANOTHER_WAY)
