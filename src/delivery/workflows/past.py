"""Past: what somebody or something was by a position of its book, or in one of its versions."""

import sys
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from domain.fact import Entity
from ledger.append import StoredFact
from ledger.facts import FactMapper
from ledger.ledger import Ledger

E = TypeVar("E", bound=Entity)

NOW: Final = sys.maxsize

_MOST_REMEMBERED: Final = 4096


class Past:
    """Read from the ledger each time; for any number of threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._mapper = FactMapper()

    def as_of(self, kind: type[E], book: str, stream: str, *, by: int) -> E | None:
        """With the facts up to that position; None: it was not there yet, or is something else."""
        facts = self._facts(book, stream)
        return self._become(kind, [each for each in facts if each.position <= by])

    def at_version(self, kind: type[E], book: str, stream: str, version: int) -> E | None:
        """As it was then, removed since or not; None: it has no such version."""
        found = self._become(kind, self._ledger.read_parts(book, {stream: (0, version)}))
        return found if found is not None and found.version == version else None

    def _facts(self, book: str, stream: str) -> Sequence[StoredFact]:
        return self._ledger.read_parts(book, {stream: (0, NOW)})

    def _become(self, kind: type[E], facts: Iterable[StoredFact]) -> E | None:
        entity: Entity | None = None
        for stored in facts:
            entity = self._mapper.decode(stored).mutate(entity)
        return entity if isinstance(entity, kind) else None


class RememberedPast(Past):
    """Reads what it was asked for once: for one question about positions that are behind us."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._known: OrderedDict[tuple[str, str], Sequence[StoredFact]] = OrderedDict()

    def _facts(self, book: str, stream: str) -> Sequence[StoredFact]:
        key = (book, stream)
        if key not in self._known:
            self._known[key] = super()._facts(book, stream)
        self._known.move_to_end(key)
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return self._known[key]
