"""Movement totals: what happened to payments in each quarter hour and each day, and by which way.

Both are told by source, a day (UTC) by method, provider and country as well. A provider or country
of "" stands for none.
"""

from collections.abc import Mapping

from sqlalchemy import BigInteger, Connection, func, select

from domain.payment import Payment
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.tables import key, total, view
from projections.engine.folding.timestamps import DAY, QUARTER, micros
from projections.payment_facts import Uncounted
from projections.payment_movements import MEASURES

revenue = view(
    "revenue",
    key("currency"),
    # How long it is that is added up: a quarter of an hour, or a day (UTC).
    key("length", BigInteger),
    key("starts_at", BigInteger),
    key("source"),
    *(total(name) for name in MEASURES),
)

payment_mix = view(
    "payment_mix",
    key("day_at", BigInteger),
    key("currency"),
    key("source"),
    key("method"),
    key("provider"),
    key("country"),
    *(total(name) for name in MEASURES),
)

Moving = (
    Payment.Created | Payment.Succeeded | Payment.Failed | Payment.Refunded | Payment.DisputeLost
)


Told = Moving | Payment.MethodSelected | Payment.CustomerAttached


@ignoring(Uncounted, Payment.Retried)
def fold(recorded: Recorded[Told], changes: Changes) -> None:
    fact = recorded.fact
    match fact:
        case Payment.MethodSelected():
            _another_method(changes, fact)
        case Payment.CustomerAttached():
            if fact.succeeded_at is not None:
                _add(changes, fact, micros(fact.succeeded_at), _of_a_customer(fact))
        case _:
            _add(changes, fact, recorded.at, _moved(fact))


def _add(changes: Changes, fact: Payment.Event, at: int, moved: dict[str, int]) -> None:
    currency, source = fact.currency, fact.source
    by_time = changes.of(revenue).merge
    by_time((currency, QUARTER, at - at % QUARTER, source), **moved)
    by_time((currency, DAY, at - at % DAY, source), **moved)
    mixed = (currency, source, fact.method, fact.provider or "", fact.country or "")
    changes.of(payment_mix).merge((at - at % DAY, *mixed), **moved)


def _moved(fact: Moving) -> dict[str, int]:
    """What of MEASURES a fact adds, at its moment: nothing of today changes a day of the past."""
    match fact:
        case Payment.Created():
            return {"created": 1}
        case Payment.Succeeded():
            of_a_customer = {} if fact.customer_id is None else _of_a_customer(fact)
            return {"succeeded": 1, "amount": fact.captured_amount, **of_a_customer}
        case Payment.Failed():
            return {"failed": 1}
        case Payment.Refunded():
            return {"refund_count": 1, "refunded_amount": fact.refund_amount}
        case Payment.DisputeLost():
            return {"disputed_amount": fact.disputed_amount}


def _of_a_customer(fact: Payment.Succeeded | Payment.CustomerAttached) -> dict[str, int]:
    return {"customer_payments": 1, "customer_amount": fact.captured_amount}


def _another_method(changes: Changes, fact: Payment.MethodSelected) -> None:
    """The payment was created by this method, and not by the one before."""
    at = micros(fact.created_at)
    for method, payments in ((fact.previous_method, -1), (fact.method, 1)):
        mixed = (fact.currency, fact.source, method, fact.provider or "", fact.country or "")
        changes.of(payment_mix).merge((at - at % DAY, *mixed), created=payments)


def created_count(connection: Connection, book: str, alike: Mapping[str, str | None]) -> int:
    """How many payments were created with these values, by name of column; None does not ask."""
    same = [payment_mix.c[name] == value for name, value in alike.items() if value is not None]
    counted = select(func.sum(payment_mix.c.created)).where(payment_mix.c.book == book, *same)
    return int(connection.execute(counted).scalar() or 0)
