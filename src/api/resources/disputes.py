"""The dispute resource."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Amount, Count, Currency, Moment, Shape
from projections import disputes


class Dispute(Shape):
    """A payer who wants money back; ``disputed_amount`` is what was lost by it."""

    id: str = Field(examples=["dp_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    payment_id: str
    customer_id: str | None
    customer_name: str | None
    amount: Amount
    currency: Currency
    status: Literal["open", "won", "lost"]
    reason: str | None
    disputed_amount: Amount
    created_at: Moment
    decided_at: Moment | None
    updated_at: Moment


class DisputesExport(Shape):
    """Every dispute that was asked for."""

    disputes: list[Dispute]
    total: Count


def dispute_of(dispute: disputes.Dispute, customer_name: str | None) -> dict[str, Any]:
    return Dispute.of(
        dispute,
        id=dispute.dispute_id,
        customer_name=customer_name,
        created_at=dispute.opened_at,
        updated_at=dispute.moved_at,
    )
