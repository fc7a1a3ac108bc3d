"""Circumstances: what there is to ask of a fact, before anything follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from delivery.subjects import Occurrence
from domain.customer import Customer
from domain.event_types import customer_of
from domain.fact import Entity, Fact
from domain.invoice import Invoice
from domain.payment import Payment
from domain.subscription import Subscription


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What happened, in the words that conditions ask with; None of what it has not.

    ``amount``: what it is about, in the minor unit of ``currency``.
    """

    customer_id: str | None
    amount: int | None = None
    currency: str | None = None
    country: str | None = None
    method: str | None = None
    source: str | None = None
    source_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def circumstances_of(occurrence: Occurrence) -> Circumstances:
    """Those of a fact, whatever it is about; ``metadata`` is that of right after it."""
    fact, subject = occurrence.fact, occurrence.subject
    match subject:
        case Payment():
            return of_payment(subject, _moved(fact, subject))
        case Subscription():
            plan = subject.plan
            return Circumstances(
                subject.customer_id,
                amount=plan["amount"],
                currency=plan["currency"],
                method=plan["method"],
                metadata=plan["metadata"],
            )
        case Invoice():
            return Circumstances(
                subject.customer_id,
                amount=subject.amount,
                currency=subject.currency,
                metadata=subject.metadata,
            )
        case Customer():
            return Circumstances(subject.id, metadata=subject.metadata)
        case _:
            return Circumstances(customer_of(fact))


def of_payment(payment: Payment, amount: int) -> Circumstances:
    return Circumstances(
        payment.customer_id,
        amount=amount,
        currency=payment.currency,
        country=payment.country,
        method=payment.method,
        source=payment.source,
        source_id=payment.source_id,
        metadata=payment.metadata,
    )


def _moved(fact: Fact, payment: Entity) -> int:
    """How much a fact about a payment is about."""
    match fact:
        case Payment.Succeeded() | Payment.CustomerAttached(succeeded_at=datetime()):
            return fact.captured_amount
        case Payment.Refunded():
            return fact.refund_amount
        case Payment.DisputeOpened() | Payment.DisputeWon() | Payment.DisputeLost():
            return fact.disputed_amount
        case _:
            return int(getattr(payment, "amount", 0))
