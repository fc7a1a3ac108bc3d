"""Fold and write: moves books of one generation on, in one transaction or not at all.

The one way facts become rows of views that somebody may read: the live projector, the end of a
rebuild, a verification and the snapshots of the past all go through it. The checkpoints of the
books are locked first, then facts are read after them, folded, and written with the rows that
follow from theirs.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from ledger.facts import StoredFact
from projections.engine.folding.checkpoints import (
    Checkpoint,
    begin_checkpoints,
    lock_checkpoints,
    note_checkpoint,
)
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.derivation import derive_touched
from projections.engine.folding.fold import Folded, Folding, nothing_of, reason
from projections.engine.folding.row_writer import merge_into
from projections.engine.generations.database_errors import is_row_fault, patiently
from projections.engine.generations.generation import Generation

FACTS_PER_BATCH = 5_000

# At most so many facts of some books, each after its position, dense and in order.
Read = Callable[[Mapping[str, int], int], Sequence[StoredFact]]
Skip = Callable[[str, Checkpoint], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """What became of the books of one call.

    `checkpoints` says where those that nobody else held are now, `contended` names the others;
    `unfinished` are those with facts left, because only so many are folded at once.
    """

    facts: int = 0
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    contended: frozenset[str] = frozenset()
    unfinished: frozenset[str] = frozenset()

    def __add__(self, other: "Step") -> "Step":
        return Step(
            self.facts + other.facts,
            self.checkpoints | other.checkpoints,
            self.contended | other.contended,
            self.unfinished | other.unfinished,
        )


def is_parked(_book: str, checkpoint: Checkpoint) -> bool:
    return checkpoint.parked_error is not None


def fold_and_write(
    generation: Generation,
    definitions: Definitions,
    folding: Folding,
    read: Read,
    books: Collection[str],
    *,
    limit: int = FACTS_PER_BATCH,
    skip: Skip = is_parked,
) -> Step:
    """Fold at most `limit` facts that follow the checkpoints of these books.

    A book for which `skip` says so stays where it is. A fact that cannot be folded, or of which
    the database refuses a row, parks its book before it. Raises what the database says when it
    stays away.
    """
    attempt = _Attempt(generation, definitions, folding, read, frozenset(books), limit, skip)
    try:
        return patiently(attempt.run)
    except Exception as error:
        if not is_row_fault(error):
            raise
        return _without_the_row(attempt, error)


def _without_the_row(failed: "_Attempt", error: Exception) -> Step:
    """The row is traced to its fact: book by book, then by halves, then by what is left out."""

    def again(books: Collection[str], limit: int) -> Step:
        return fold_and_write(
            failed.generation,
            failed.definitions,
            failed.folding,
            failed.read,
            books,
            limit=limit,
            skip=failed.skip,
        )

    if not failed.folded:
        raise error
    if len(failed.folded) > 1:
        step = Step()
        for book in sorted(failed.books):
            step += again([book], failed.limit)
        return step
    [folded] = failed.folded
    size = folded.position - folded.after
    if size > 1:
        return again(failed.books, size // 2)
    return patiently(lambda: failed.park(folded, reason(error)))


@dataclass(slots=True)
class _Attempt:
    """One transaction; `folded` is what it was about to write."""

    generation: Generation
    definitions: Definitions
    folding: Folding
    read: Read
    books: frozenset[str]
    limit: int
    skip: Skip
    folded: list[Folded] = field(default_factory=list)

    def run(self) -> Step:
        with self.generation.writing() as connection:
            found = self._lock(connection)
            after = {b: c.position for b, c in found.items() if not self.skip(b, c)}
            facts = self.read(after, self.limit) if after else []
            by_book = {book: list(own) for book, own in groupby(facts, attrgetter("book"))}
            self.folded = [self.folding.fold(b, after[b], own) for b, own in by_book.items()]
            self._write(connection, self.folded)
        unfinished: frozenset[str] = frozenset()
        if len(facts) >= self.limit:
            unfinished = frozenset(after.keys() - (by_book.keys() - {facts[-1].book}))
        return Step(
            len(facts),
            found | {each.book: each.checkpoint for each in self.folded},
            self.books - found.keys(),
            unfinished,
        )

    def park(self, folded: Folded, error: str) -> Step:
        """Leave the book before the fact after `folded.after`, unless it has moved meanwhile."""
        with self.generation.writing() as connection:
            found = self._lock(connection)
            parked = nothing_of(folded.book, folded.after, error)
            if found[folded.book].position == folded.after:
                self._write(connection, [parked])
                found[folded.book] = parked.checkpoint
        return Step(0, found)

    def _lock(self, connection: Connection) -> dict[str, Checkpoint]:
        found = lock_checkpoints(connection, self.books)
        missing = self.books - found.keys()
        if missing and self.generation.schema is None:
            found |= dict.fromkeys(missing, Checkpoint())
        elif missing:
            # In a transaction of its own: whoever begins the same book waits for this one.
            with self.generation.writing() as beginning:
                new = begin_checkpoints(beginning, missing)
            if new:
                found |= lock_checkpoints(connection, new)
        return found

    def _write(self, connection: Connection, folded: Sequence[Folded]) -> None:
        for each in folded:
            note_checkpoint(each.changes, each.checkpoint)
        changes = [each.changes for each in folded]
        merge_into(connection, self.generation.schema, changes)
        derive_touched(connection, self.definitions.derived, changes)
        for searched in self.definitions.searched:
            searched.add(connection, changes)
