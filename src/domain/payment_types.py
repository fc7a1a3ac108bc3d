"""Types of a payment: its statuses, its sources, and the JSON that its facts hold."""

from datetime import datetime
from typing import Literal, TypedDict, get_args

from domain.moments import written

Source = Literal["api", "payment_link", "subscription"]
Status = Literal[
    "pending",
    "requires_action",
    "processing",
    "authorized",
    "partially_captured",
    "succeeded",
    "failed",
    "canceled",
    "expired",
    "refunded",
    "partially_refunded",
    "disputed",
]
CaptureMethod = Literal["automatic", "manual"]

SOURCES: tuple[Source, ...] = get_args(Source)


class Movement(TypedDict):
    """Money that left a payment again; ``occurred_at`` as it stands in a fact: RFC 3339."""

    id: str
    amount: int
    occurred_at: str


class RefundNote(TypedDict):
    """What was said of a refund, beside its amount."""

    refund_id: str
    reason: str | None
    provider_refund_id: str | None


class OpenDispute(TypedDict):
    """A dispute nobody has decided yet."""

    id: str
    amount: int
    opened_at: datetime
    status_before: Status


def movement(movement_id: str, amount: int, occurred_at: datetime) -> Movement:
    return Movement(id=movement_id, amount=amount, occurred_at=written(occurred_at))
