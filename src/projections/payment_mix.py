"""Payment mix: how payments went each day (UTC), by currency, source, method, provider, country.

A provider or country of "" stands for none.
"""

from collections.abc import Mapping

from sqlalchemy import BigInteger, Connection, func, select

from domain.payment import Payment
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.tables import key, total, view
from projections.engine.folding.timestamps import DAY, micros
from projections.payment_facts import Uncounted
from projections.payment_movements import MEASURES
from projections.revenue import Moving, add_moved

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


@ignoring(Uncounted, Payment.CustomerAttached, Payment.Retried)
def fold(recorded: Recorded[Moving | Payment.MethodSelected], changes: Changes) -> None:
    fact, at = recorded.fact, recorded.at
    if isinstance(fact, Payment.MethodSelected):
        _another_method(changes, fact)
        return
    day_at, provider, country = at - at % DAY, fact.provider or "", fact.country or ""
    mixed = (day_at, fact.currency, fact.source, fact.method, provider, country)
    add_moved(changes.of(payment_mix), mixed, fact)


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
