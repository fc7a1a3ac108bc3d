"""Source totals: what came from each source, to a book and from each customer, by source_id.

A source_id of "" stands for none.
"""

from typing import Any

from domain.payment import Payment
from projections.engine.folding.changes import Changes, Recorded, Rows
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.merging import Key
from projections.engine.folding.tables import at_latest, earliest, key, latest, total, view
from projections.engine.folding.timestamps import micros
from projections.payment_facts import Uncounted


def _figures() -> tuple[Any, ...]:
    return (
        total("created"),
        total("succeeded"),
        total("amount"),
        total("refunded_amount"),
        total("disputed_amount"),
        earliest("first_payment_at"),
        latest("last_payment_at"),
        latest("last_created_at"),
        at_latest("source_description", of="last_created_at"),
    )


source_totals = view(
    "source_totals",
    key("currency"),
    key("source"),
    key("source_id"),
    *_figures(),
    indexes=[("currency", "-amount", "-succeeded", "source", "source_id")],
)

customer_sources = view(
    "customer_sources",
    key("customer_id"),
    key("currency"),
    key("source"),
    key("source_id"),
    *_figures(),
    indexes=[("currency", "source", "source_id", "succeeded", "customer_id")],
)


Counted = (
    Payment.Created
    | Payment.CustomerAttached
    | Payment.Succeeded
    | Payment.Refunded
    | Payment.DisputeLost
)


@ignoring(Uncounted, Payment.MethodSelected, Payment.Failed, Payment.Retried)
def fold(recorded: Recorded[Counted], changes: Changes) -> None:
    fact, at = recorded.fact, recorded.at
    key = (fact.currency, fact.source, fact.source_id or "")
    # What is attached the source had already: only the customer did not.
    if not isinstance(fact, Payment.CustomerAttached):
        _add(changes.of(source_totals), key, fact, at)
    if fact.customer_id is not None:
        _add(changes.of(customer_sources), (fact.customer_id, *key), fact, at)


def _add(rows: Rows, key: Key, fact: Counted, at: int) -> None:
    match fact:
        case Payment.Created():
            _created(rows, key, fact, at)
        case Payment.CustomerAttached():
            _add_all(rows, key, fact)
        case Payment.Succeeded():
            _succeeded(rows, key, at, fact.captured_amount)
        case Payment.Refunded():
            rows.merge(key, refunded_amount=fact.refund_amount)
        case Payment.DisputeLost():
            rows.merge(key, disputed_amount=fact.disputed_amount)


def _add_all(rows: Rows, key: Key, fact: Payment.CustomerAttached) -> None:
    _created(rows, key, fact, micros(fact.created_at))
    if fact.succeeded_at is not None:
        _succeeded(rows, key, micros(fact.succeeded_at), fact.captured_amount)
    for refund in fact.refunds:
        rows.merge(key, refunded_amount=refund["amount"])
    for dispute in fact.disputes_lost:
        rows.merge(key, disputed_amount=dispute["amount"])


def _created(rows: Rows, key: Key, fact: Payment.Event, at: int) -> None:
    rows.merge(key, created=1, last_created_at=at, source_description=fact.source_description)


def _succeeded(rows: Rows, key: Key, at: int, amount: int) -> None:
    rows.merge(key, succeeded=1, amount=amount, first_payment_at=at, last_payment_at=at)
