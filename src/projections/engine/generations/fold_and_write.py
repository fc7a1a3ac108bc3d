"""Fold and write: moves books of one generation on, in one transaction or not at all.

The one way facts become rows of views that somebody may read: the live projector, the end of a
rebuild, a verification and the snapshots of the past all go through it. The checkpoints of the
books are locked first, then facts are read after them, folded, and written with the rows that
follow from theirs.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from ledger.facts import StoredFact
from projections.engine.folding.checkpoints import (
    Checkpoint,
    begin_checkpoints,
    lock_checkpoints,
    note_checkpoint,
    read_checkpoints,
)
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.derivation import derive_touched
from projections.engine.folding.fold import Folded, Folding, nothing_of, reason
from projections.engine.folding.row_writer import merge_into
from projections.engine.generations.database_errors import (
    is_row_fault,
    is_standstill,
    patiently,
)
from projections.engine.generations.generation import Generation
from projections.engine.generations.same_history import must_go_on

FACTS_PER_BATCH = 5_000

# Of each book at most so many facts, those after its position, dense and in order. Where facts and
# views share a database, on the connection that holds the locks: nobody waits for a second one.
Read = Callable[[Mapping[str, int], int, Connection | None], Sequence[StoredFact]]
Skip = Callable[[str, Checkpoint], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """What became of the books of one call.

    `checkpoints` says where the books are now that were looked at to the end, or to the limit;
    `contended` are those that another holds, `unfinished` those with facts left.
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
    """Fold about `limit` facts that follow the checkpoints of these books, an equal share of each.

    A book for which `skip` says so stays where it is. A fact that cannot be folded, or of which
    the database refuses a row, parks its book before it. Raises OfAnotherHistory where the facts
    do not go on from those that were folded, and what the database says when it stays away.
    """
    attempt = _Attempt(generation, definitions, folding, read, frozenset(books), limit, skip)

    def again(books: Collection[str], limit: int) -> Step:
        return fold_and_write(generation, definitions, folding, read, books, limit=limit, skip=skip)

    try:
        step = patiently(attempt.run)
    except Exception as error:
        if is_standstill(error) and attempt.facts > 1:
            # Reading and folding took longer than a transaction may stand still.
            return again(books, attempt.facts // 2)
        if not is_row_fault(error) or not attempt.folded:
            raise
        return _without_the_row(attempt, error, again)
    if attempt.absent:
        with generation.writing() as connection:
            begin_checkpoints(connection, attempt.absent)
        step += again(attempt.absent, limit)
    return step


def _without_the_row(
    failed: "_Attempt", error: Exception, again: Callable[[Collection[str], int], Step]
) -> Step:
    """The row is traced to its fact: book by book, then by halves, then by what is left out."""
    if len(failed.folded) > 1:
        step = Step()
        for book in sorted(failed.books):
            step += again([book], failed.limit)
        return step
    [folded] = failed.folded
    size = folded.position - folded.after
    # With an error of its own it may be that one which cannot be written: first without it.
    if size > 1 or (size and folded.error is not None):
        return again(failed.books, max(1, size // 2))
    return patiently(lambda: failed.park(folded, reason(error)))


@dataclass(slots=True)
class _Attempt:
    """One transaction; `folded` is what it was about to write, of so many `facts`.

    The `absent` books have no checkpoint to lock yet.
    """

    generation: Generation
    definitions: Definitions
    folding: Folding
    read: Read
    books: frozenset[str]
    limit: int
    skip: Skip
    facts: int = 0
    folded: list[Folded] = field(default_factory=list)
    absent: frozenset[str] = frozenset()

    def run(self) -> Step:
        self.facts, self.folded = 0, []
        with self.generation.writing() as connection:
            found = self._lock(connection, self.books)
            begun = {b: c for b, c in found.items() if not self.skip(b, c)}
            each = max(1, self.limit // max(1, len(begun)))
            facts = self._read_after(begun, each, connection) if begun else {}
            self.facts = sum(len(own) for own in facts.values())
            self.folded = [
                self.folding.fold(book, begun[book].position, own) for book, own in facts.items()
            ]
            self._write(connection, self.folded)
        return Step(
            self.facts,
            found | {folded.book: folded.checkpoint for folded in self.folded},
            self.books - found.keys() - self.absent,
            frozenset(book for book, own in facts.items() if len(own) >= each),
        )

    def _read_after(
        self, begun: Mapping[str, Checkpoint], each: int, connection: Connection
    ) -> dict[str, list[StoredFact]]:
        on = None if self.generation.schema is None else connection
        found = self.read({book: c.position for book, c in begun.items()}, each, on)
        facts = {book: list(own) for book, own in groupby(found, attrgetter("book"))}
        for book, own in facts.items():
            before = {book: begun[book].position - 1}
            must_go_on(begun[book], own[0], partial(self.read, before, 1, on))
        return facts

    def park(self, folded: Folded, error: str) -> Step:
        """Leave the book before the fact after `folded.after`, unless it has moved meanwhile."""
        book = folded.book
        parked = nothing_of(book, folded.after, error)
        with self.generation.writing() as connection:
            found = self._lock(connection, frozenset([book]))
            if book in found and found[book].position == folded.after:
                self._write(connection, [parked])
                found[book] = parked.checkpoint
        others = self.books - {book}
        return Step(0, found, frozenset([book]) - found.keys(), others)

    def _lock(self, connection: Connection, books: frozenset[str]) -> dict[str, Checkpoint]:
        found = lock_checkpoints(connection, books)
        missing = books - found.keys()
        if self.generation.schema is None:
            return found | dict.fromkeys(missing, Checkpoint())
        there = read_checkpoints(connection, sorted(missing)) if missing else {}
        self.absent = missing - there.keys()
        return found

    def _write(self, connection: Connection, folded: Sequence[Folded]) -> None:
        for each in folded:
            note_checkpoint(each.changes, each.checkpoint)
        changes = [each.changes for each in folded]
        merge_into(connection, self.generation.schema, changes)
        derive_touched(connection, self.definitions.derived, changes)
        for searched in self.definitions.searched:
            searched.add(connection, changes)
