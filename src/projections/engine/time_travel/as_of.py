"""As-of mapping: facts as of a moment (`as_of`), what had happened by then.

Whatever had been recorded by then had happened, and so had what was recorded later and says that
it happened before.
"""

from datetime import datetime

from domain.fact import Fact
from ledger.facts import FactMapper, StoredFact


class AsOfMapper(FactMapper):
    """Reads the facts of one book, in order, as they looked at `moment`; later ones say nothing."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment

    def decode(self, stored: StoredFact) -> Fact:
        fact = super().decode(stored)
        return self.seen(fact) if had_happened(fact, self._moment) else self.unseen(fact)

    def seen(self, fact: Fact) -> Fact:
        """A fact that had happened, as it looked then."""
        return fact

    def unseen(self, fact: Fact) -> Fact:
        """What stands in the place of a fact that had not: one of no kind, which no fold is about.

        Positions stay dense, so that a snapshot is folded like any other book.
        """
        nothing = object.__new__(Fact)
        vars(nothing).update(
            originator_id=fact.originator_id,
            originator_version=fact.originator_version,
            timestamp=fact.timestamp,
            occurred_at=fact.occurred_at,
        )
        return nothing


def had_happened(fact: Fact, moment: datetime) -> bool:
    """Whether it had by then; what claims to lie ahead has happened once it was recorded."""
    return fact.occurred_at <= moment or fact.timestamp <= moment
