"""Folding: from stored facts of one book to row changes, up to the first that cannot be folded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.fact import Fact
from ledger.facts import FactMapper, StoredFact
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.checkpoints import Checkpoint
from projections.engine.folding.definitions import Fold, folded_by
from projections.engine.folding.timestamps import micros

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Folded:
    """What the facts of a book between two positions came to.

    `error` says why the fact after `position` is not in it; None when nothing was wrong.
    """

    book: str
    after: int
    position: int
    changes: Changes
    error: str | None = None
    digest: str | None = None

    @property
    def checkpoint(self) -> Checkpoint:
        parked = None if self.error is None else self.position + 1
        return Checkpoint(self.position, parked, self.error, self.digest)


class Folding:
    """Decodes facts and runs over each the folds that care about it."""

    def __init__(self, mapper: FactMapper, folds: Sequence[Fold]) -> None:
        self._mapper = mapper
        self._folds = [(folded_by(fold), fold) for fold in folds]
        self._caring: dict[type[Fact], list[Fold]] = {}

    def fold(self, book: str, after: int, facts: Sequence[StoredFact]) -> Folded:
        """Fold the facts that follow position `after`; they are dense and in order.

        A fact that cannot be decoded (not JSON, an unknown topic) or that a fold refuses is where
        it ends: nothing of that fact is in the changes.
        """
        changes = Changes(book)
        position, error = self.add(changes, after, facts)
        if error is not None:
            # Some folds had taken their part of the bad fact already: begin again without it.
            changes = Changes(book)
            self.add(changes, after, facts[: position - after])
        return Folded(book, after, position, changes, error, digest_at(facts, position))

    def add(
        self, changes: Changes, after: int, facts: Sequence[StoredFact]
    ) -> tuple[int, str | None]:
        """Fold facts into `changes`: the last position that went well, and what then went wrong.

        When something went wrong the changes hold parts of a bad fact and must be thrown away.
        """
        position = after
        for stored in facts:
            if stored.position != position + 1:
                return position, f"position {position + 1} is missing"
            try:
                self._add(stored, changes)
            except Exception as error:  # noqa: BLE001 (whatever it is, the book is parked for it)
                return position, reason(error)
            position = stored.position
        return position, None

    def fold_picked(self, book: str, facts: Iterable[StoredFact]) -> Changes:
        """Fold facts of some streams alone, in order; raises what a fold does."""
        changes = Changes(book)
        for stored in facts:
            self._add(stored, changes)
        return changes

    def _add(self, stored: StoredFact, changes: Changes) -> None:
        fact = self._mapper.decode(stored)
        kind = type(fact)
        folds = self._caring.get(kind)
        if folds is None:
            folds = [fold for subjects, fold in self._folds if issubclass(kind, subjects)]
            self._caring[kind] = folds
        recorded = Recorded(stored.book, stored.position, fact, micros(fact.occurred_at))
        for fold in folds:
            fold(recorded, changes)


def nothing_of(book: str, after: int, error: str) -> Folded:
    """The book stays where it is: the database refused a row of the fact after `after`."""
    refused = f"the database refused a row of {book} at position {after + 1}: {error}"
    return Folded(book, after, after, Changes(book), refused)


def digest_at(facts: Sequence[StoredFact], position: int) -> str | None:
    """The digest of the fact at `position` among facts that are dense; None when it is before."""
    place = position - facts[0].position
    return facts[place].digest.hex() if place >= 0 else None


def reason(error: BaseException) -> str:
    """The first line of what went wrong, short enough for a log."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:_LONGEST_REASON]
