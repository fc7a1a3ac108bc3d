"""What came from each source: to a book and from each customer, by source and source_id.

A source_id of "" stands for none.
"""

from typing import Any

from domain.payment import Payment
from projections.changes import Changes, Recorded
from projections.instants import micros
from projections.rows import at_latest, earliest, key, latest, total, view


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


def fold(recorded: Recorded[Payment.Event], changes: Changes) -> None:
    fact = recorded.fact
    if isinstance(fact, Payment.CustomerAttached):
        for change in _until_now(fact):
            _of_the_customer(changes, fact, change)
        return
    now = _change(fact, recorded.at)
    if now is not None:
        changes.merge(source_totals, _source(fact), **now)
        if fact.customer_id is not None:
            _of_the_customer(changes, fact, now)


def _change(fact: Payment.Event, at: int) -> dict[str, Any] | None:
    match fact:
        case Payment.Created():
            return _created(fact, at)
        case Payment.Succeeded():
            return _succeeded(at, fact.captured_amount)
        case Payment.Refunded():
            return {"refunded_amount": fact.refund_amount}
        case Payment.DisputeLost():
            return {"disputed_amount": fact.disputed_amount}
        case _:
            return None


def _until_now(fact: Payment.CustomerAttached) -> list[dict[str, Any]]:
    found = [_created(fact, micros(fact.created_at))]
    if fact.succeeded_at is not None:
        found.append(_succeeded(micros(fact.succeeded_at), fact.captured_amount))
    found += [{"refunded_amount": refund["amount"]} for refund in fact.refunds]
    found += [{"disputed_amount": dispute["amount"]} for dispute in fact.disputes_lost]
    return found


def _created(fact: Payment.Event, at: int) -> dict[str, Any]:
    return {
        "created": 1,
        "last_created_at": at,
        "source_description": fact.source_description,
    }


def _succeeded(at: int, amount: int) -> dict[str, Any]:
    return {"succeeded": 1, "amount": amount, "first_payment_at": at, "last_payment_at": at}


def _of_the_customer(changes: Changes, fact: Payment.Event, change: dict[str, Any]) -> None:
    changes.merge(customer_sources, (fact.customer_id, *_source(fact)), **change)


def _source(fact: Payment.Event) -> tuple[str, str, str]:
    return (fact.currency, fact.source, fact.source_id or "")
