"""The refund resource."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.resources.payments import known_customer_of
from api.resources.shapes import Amount, Count, Currency, Moment, Shape
from domain.customer import Customer as CustomerAggregate
from domain.payment import Payment as PaymentAggregate
from projections import refunds_and_disputes


class Refund(Shape):
    """Money that was given back."""

    id: str = Field(examples=["ref_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    payment_id: str
    customer_id: str | None
    customer_name: str | None
    amount: Amount
    currency: Currency
    status: Literal["pending", "processing", "succeeded", "failed", "manual_review"]
    reason: str | None
    provider_refund_id: str | None
    created_at: Moment
    updated_at: Moment


class RefundsExport(Shape):
    """Every refund that was asked for."""

    refunds: list[Refund]
    total: Count


def refund_of(refund: refunds_and_disputes.Refund, customer_name: str | None) -> dict[str, Any]:
    """A refund is recorded once it has happened, so it never changes again."""
    return Refund.of(
        refund,
        id=refund.refund_id,
        customer_name=customer_name,
        status="succeeded",
        updated_at=refund.created_at,
    )


def new_refund_of(
    payment: PaymentAggregate, refund_id: str, customer: CustomerAggregate | None
) -> dict[str, Any]:
    """A refund as a command left it on the payment."""
    known = known_customer_of(customer)
    recorded = next(each for each in payment.refunds if each["id"] == refund_id)
    note = next(each for each in payment.refund_notes if each["refund_id"] == refund_id)
    return refund_of(
        refunds_and_disputes.Refund(
            refund_id=refund_id,
            payment_id=payment.id,
            customer_id=payment.customer_id,
            amount=recorded["amount"],
            currency=payment.currency,
            reason=note["reason"],
            provider_refund_id=note["provider_refund_id"],
            created_at=datetime.fromisoformat(recorded["occurred_at"]),
        ),
        None if known is None else known["name"],
    )
