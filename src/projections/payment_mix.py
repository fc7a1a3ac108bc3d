"""How payments went on each day (UTC): by currency, source, method, provider and country.

A provider or country of "" stands for none.
"""

from sqlalchemy import BigInteger

from domain.payment import Payment
from projections.changes import Changes, Recorded
from projections.instants import DAY, micros
from projections.movements import MEASURES
from projections.revenue import moved
from projections.rows import key, total, view

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


def fold(recorded: Recorded, changes: Changes) -> None:
    fact = recorded.fact
    if isinstance(fact, Payment.Event):
        change = moved(fact)
        if change:
            at = micros(fact.occurred_at)
            mixed = (fact.source, fact.method, fact.provider or "", fact.country or "")
            changes.merge(payment_mix, (at - at % DAY, fact.currency, *mixed), **change)
