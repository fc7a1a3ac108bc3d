"""What had happened by a moment, as everything that was recorded since tells it.

Whatever had been recorded by then had happened, and so had what was recorded later and says that
it happened before. A payment belonged to nobody until it was attached, whatever later facts of it
repeat; and of a payment that was created later than it succeeded, as imports say, everything is
known that its facts repeat.
"""

from copy import copy
from datetime import datetime

from domain.fact import Fact
from domain.payment import Payment
from ledger.facts import FactMapper, StoredFact
from projections.changes import Changes, Recorded
from projections.payments import payments


class Hindsight(FactMapper):
    """Reads the facts of one book, in order, as they looked at `moment`; later ones say nothing."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment
        self._unattached: set[str] = set()

    def decode(self, stored: StoredFact) -> Fact:
        fact = super().decode(stored)
        if not had_happened(fact, self._moment):
            if isinstance(fact, Payment.CustomerAttached):
                self._unattached.add(fact.originator_id)
            return _nothing_yet(fact)
        if fact.originator_id in self._unattached:
            fact = copy(fact)
            vars(fact)["customer_id"] = None
        return fact


def had_happened(fact: Fact, moment: datetime) -> bool:
    """Whether it had by then; what claims to lie ahead has happened once it was recorded."""
    return fact.occurred_at <= moment or fact.timestamp <= moment


def tell_halves(recorded: Recorded[Payment.Event], changes: Changes) -> None:
    """A fold beside the others: what every fact of a payment repeats, for one not created yet."""
    fact = recorded.fact
    changes.merge(
        payments,
        (fact.originator_id,),
        customer_id=fact.customer_id,
        currency=fact.currency,
        source=fact.source,
        source_id=fact.source_id,
        source_description=fact.source_description,
        method=fact.method,
        country=fact.country,
    )


def _nothing_yet(fact: Fact) -> Fact:
    """A fact of no kind, which no fold is about."""
    nothing = object.__new__(Fact)
    vars(nothing).update(
        originator_id=fact.originator_id,
        originator_version=fact.originator_version,
        timestamp=fact.timestamp,
        occurred_at=fact.occurred_at,
    )
    return nothing
