"""Past: what somebody or something was by a position of its book."""

import sys
from typing import Final, TypeVar

from domain.fact import Entity
from ledger.facts import FactMapper
from ledger.ledger import Ledger

E = TypeVar("E", bound=Entity)

NOW: Final = sys.maxsize


class Past:
    """Read from the ledger each time; for any number of threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._mapper = FactMapper()

    def as_of(self, kind: type[E], book: str, stream: str, *, by: int) -> E | None:
        """With the facts up to that position; None: it was not there yet, or is something else."""
        entity: Entity | None = None
        for stored in self._ledger.read_parts(book, {stream: (0, NOW)}):
            if stored.position <= by:
                entity = self._mapper.decode(stored).mutate(entity)
        return entity if isinstance(entity, kind) else None
