"""Payments as of a moment: how their facts looked then, for the snapshots of time travel.

A payment belonged to nobody until its customer was attached, whatever later facts of it repeat;
what happened to it before something that was recorded earlier, found it as it was before that; and
of a payment that was created later than it succeeded, as imports say, everything is known that
its facts repeat.
"""

from copy import copy
from datetime import datetime

from domain.fact import Fact
from domain.payment import Payment
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.time_travel.as_of import AsOfMapper
from projections.payments import payments


class PaymentsAsOf(AsOfMapper):
    """Facts of payments say whose they were, and what was the status before, as it was then.

    Money that was paid before the payment failed, and told of afterwards, did not come late.
    """

    def __init__(self, moment: datetime) -> None:
        super().__init__(moment)
        self._unattached: set[str] = set()
        self._left: dict[str, str | None] = {}

    def seen(self, fact: Fact) -> Fact:
        stream, looked = fact.originator_id, dict[str, str | None]()
        if stream in self._unattached:
            looked["customer_id"] = None
        if stream in self._left:
            looked["previous_status"] = self._left.pop(stream)
        if looked:
            fact = copy(fact)
            vars(fact).update(looked)
        return fact

    def unseen(self, fact: Fact) -> Fact:
        if isinstance(fact, Payment.CustomerAttached):
            self._unattached.add(fact.originator_id)
        if isinstance(fact, Payment.Event):
            self._left.setdefault(fact.originator_id, fact.previous_status)
        return super().unseen(fact)


def fold_uncreated(recorded: Recorded[Payment.Event], changes: Changes) -> None:
    """What every fact of a payment repeats, for a payment that is not created yet."""
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
