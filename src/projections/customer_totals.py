"""Customer totals: what each paid and was given back, by currency, in all, and by method.

Every fact of a payment that has a customer counts at once; `payment.customer_attached` brings along
all that had happened before.
"""

from typing import Any

from sqlalchemy import BigInteger

from domain.payment import Payment
from projections.book_totals import currency_figures, was_failed
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.tables import at_earliest, earliest, key, latest, total, view
from projections.engine.folding.timestamps import micros
from projections.payment_facts import Uncounted

customer_totals = view(
    "customer_totals",
    key("customer_id"),
    key("currency"),
    *currency_figures(),
    indexes=[
        ("currency", "-total_spent", "-successful_payments", "first_payment_at", "customer_id"),
        ("currency", "-payment_count", "-total_spent", "first_payment_at", "customer_id"),
        ("currency", "total_spent", "customer_id"),
    ],
)

# Counts and moments may be told across currencies; amounts may not.
customer_activity = view(
    "customer_activity",
    key("customer_id"),
    total("payment_count"),
    total("failed_payments"),
    total("refund_count"),
    total("dispute_count"),
    earliest("first_payment_at"),
    at_earliest("first_payment_id", of="first_payment_at"),
    at_earliest("first_source", of="first_payment_at"),
    at_earliest("first_source_id", of="first_payment_at"),
    at_earliest("first_source_description", of="first_payment_at"),
    at_earliest("first_currency", of="first_payment_at"),
    at_earliest("first_amount", of="first_payment_at", kind=BigInteger),
    latest("last_payment_at"),
    indexes=[("first_currency", "first_payment_at", "first_amount")],
)

# The provider is "" while nobody has named one.
customer_methods = view(
    "customer_methods",
    key("customer_id"),
    key("method"),
    key("provider"),
    total("payment_count"),
    total("successful_payments"),
    latest("last_payment_at"),
    indexes=[("method", "customer_id"), ("provider", "customer_id")],
)


Counted = (
    Payment.Created
    | Payment.MethodSelected
    | Payment.CustomerAttached
    | Payment.Succeeded
    | Payment.Failed
    | Payment.Retried
    | Payment.Refunded
    | Payment.DisputeLost
)


@ignoring(Uncounted)
def fold(recorded: Recorded[Counted], changes: Changes) -> None:
    fact, at = recorded.fact, recorded.at
    if fact.customer_id is None:
        return
    match fact:
        case Payment.Created():
            _created(changes, fact, at)
        case Payment.Succeeded():
            _paid(changes, fact, at)
        case Payment.Failed():
            _failed(changes, fact, 1)
        case Payment.Retried():
            _failed(changes, fact, -1)
        case Payment.Refunded():
            _refunded(changes, fact, fact.refund_amount)
        case Payment.DisputeLost():
            _lost(changes, fact, fact.disputed_amount)
        case Payment.CustomerAttached():
            _attached(changes, fact)
        case Payment.MethodSelected():
            _by_another_method(changes, fact)


def _attached(changes: Changes, fact: Payment.CustomerAttached) -> None:
    _created(changes, fact, micros(fact.created_at))
    if fact.status == "failed":
        _failed(changes, fact, 1)
    if fact.succeeded_at is not None:
        _succeeded(changes, fact, micros(fact.succeeded_at), fact.captured_amount)
    for refund in fact.refunds:
        _refunded(changes, fact, refund["amount"])
    for dispute in fact.disputes_lost:
        _lost(changes, fact, dispute["amount"])


def _by_another_method(changes: Changes, fact: Payment.MethodSelected) -> None:
    provider = fact.provider or ""
    for method, payments in ((fact.previous_method, -1), (fact.method, 1)):
        key = (fact.customer_id, method, provider)
        changes.of(customer_methods).merge(key, payment_count=payments)


def _created(changes: Changes, fact: Payment.Event, at: int) -> None:
    customer_id, method, provider = fact.customer_id, fact.method, fact.provider or ""
    by_currency, by_method = (customer_id, fact.currency), (customer_id, method, provider)
    changes.of(customer_totals).merge(by_currency, payment_count=1, last_created_at=at)
    changes.of(customer_activity).merge((customer_id,), payment_count=1)
    changes.of(customer_methods).merge(by_method, payment_count=1)


def _paid(changes: Changes, fact: Payment.Succeeded, at: int) -> None:
    _succeeded(changes, fact, at, fact.captured_amount)
    if was_failed(fact):
        _failed(changes, fact, -1)


def _succeeded(changes: Changes, fact: Payment.Event, at: int, amount: int) -> None:
    customer_id, method, provider = fact.customer_id, fact.method, fact.provider or ""
    changes.of(customer_totals).merge(
        (customer_id, fact.currency),
        successful_payments=1,
        total_spent=amount,
        first_payment_at=at,
        last_payment_at=at,
    )
    changes.of(customer_activity).merge(
        (customer_id,),
        first_payment_at=at,
        first_payment_id=fact.originator_id,
        first_source=fact.source,
        first_source_id=fact.source_id,
        first_source_description=fact.source_description,
        first_currency=fact.currency,
        first_amount=amount,
        last_payment_at=at,
    )
    changes.of(customer_methods).merge(
        (customer_id, method, provider), successful_payments=1, last_payment_at=at
    )


def _failed(changes: Changes, fact: Payment.Event, change: int) -> None:
    changes.of(customer_totals).merge(_by_currency(fact), failed_payments=change)
    changes.of(customer_activity).merge((fact.customer_id,), failed_payments=change)


def _refunded(changes: Changes, fact: Payment.Event, amount: int) -> None:
    changes.of(customer_totals).merge(_by_currency(fact), refund_count=1, refund_amount=amount)
    changes.of(customer_activity).merge((fact.customer_id,), refund_count=1)


def _lost(changes: Changes, fact: Payment.Event, amount: int) -> None:
    changes.of(customer_totals).merge(_by_currency(fact), disputed_amount=amount)
    changes.of(customer_activity).merge((fact.customer_id,), dispute_count=1)


def _by_currency(fact: Payment.Event) -> tuple[Any, ...]:
    return (fact.customer_id, fact.currency)
