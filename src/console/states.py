"""States: the word for each status of the API, and whether it is good, waiting, bad or neither."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from domain.invoice import DAYS_OF_GRACE

Tone = Literal["good", "waiting", "bad", "over"]

_TONES: Final[dict[Tone, tuple[str, ...]]] = {
    "good": (
        *("succeeded", "active", "paid", "won", "completed", "success", "ready", "serving", "ok"),
        *("working", "done", "alive"),
        *("delivered", "sent", "published"),
    ),
    "waiting": (
        *("pending", "processing", "requires_action", "authorized", "partially_captured"),
        *("partially_refunded", "disputed", "paused", "due", "open", "manual_review"),
        *("delivering", "running", "retrying", "rebuilding", "building", "queued"),
        *("waiting", "partly_lost_in_a_dispute"),
    ),
    "bad": (
        *("failed", "lost", "error", "not ready", "parked", "bounced", "unreachable", "replaced"),
        *("failing", "late", "interrupted", "silent"),
        *("lost_in_a_dispute", "overdue"),
    ),
    "over": (),
}
_GIVEN_BACK: Final = ("refunded", "partially_refunded")
_TONE_OF: Final = {status: tone for tone, all_of_it in _TONES.items() for status in all_of_it}


def tone_of(status: str) -> Tone:
    """What a status nobody listed means is neither good nor bad: it is over, or not begun."""
    return _TONE_OF.get(status, "over")


def state_of(payment: Mapping[str, Any]) -> str:
    """Its status; of what the API calls refunded, how far it was lost in a dispute."""
    status: str = payment["status"]
    if status not in _GIVEN_BACK or not payment["disputed_amount"]:
        return status
    is_all = status == "refunded" and not payment["refunded_amount"]
    return "lost_in_a_dispute" if is_all else "partly_lost_in_a_dispute"


def invoice_state(invoice: Mapping[str, Any], now: datetime) -> str:
    """Its status; of what is due and was to be paid before `overdue_before`, that it is late."""
    status: str = invoice["status"]
    is_late = status == "due" and datetime.fromisoformat(invoice["due_at"]) < overdue_before(now)
    return "overdue" if is_late else status


def overdue_before(now: datetime) -> datetime:
    """What is due, and was to be paid before this moment, is overdue."""
    return now.replace(microsecond=0) - DAYS_OF_GRACE


def word_of(status: str) -> str:
    """The API's own, as people write it: Partially refunded."""
    return status.replace("_", " ").capitalize()
