"""Past: what somebody or something was by a position of its book, or in one of its versions."""

import sys
from collections.abc import Iterable
from typing import Final, TypeVar

from domain.fact import Entity
from ledger.append import StoredFact
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
        facts = self._ledger.read_parts(book, {stream: (0, NOW)})
        return self._become(kind, [each for each in facts if each.position <= by])

    def at_version(self, kind: type[E], book: str, stream: str, version: int) -> E | None:
        """As it was then, removed since or not; None: it has no such version."""
        found = self._become(kind, self._ledger.read_parts(book, {stream: (0, version)}))
        return found if found is not None and found.version == version else None

    def _become(self, kind: type[E], facts: Iterable[StoredFact]) -> E | None:
        entity: Entity | None = None
        for stored in facts:
            entity = self._mapper.decode(stored).mutate(entity)
        return entity if isinstance(entity, kind) else None
