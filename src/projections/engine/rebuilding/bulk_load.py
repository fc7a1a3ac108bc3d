"""Bulk load: whole books are folded in memory and loaded into a new generation.

Memory is bounded: when the rows at hand pass a limit they are loaded, and a book that goes on
after that is merged with what it has there already.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from ledger.facts import StoredFact
from ledger.ledger import Ledger
from projections.engine.folding.changes import Changes
from projections.engine.folding.checkpoints import Checkpoint, note_checkpoint
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.fold import Folding, digest_at
from projections.engine.folding.row_writer import insert_into, merge_into
from projections.engine.generations.database_errors import is_row_fault
from projections.engine.generations.generation import Generation
from projections.engine.rebuilding.quarantine import quarantine

_FACTS_PER_READ = 5_000
# PostgreSQL loads rows that are new much faster than it merges those of a book that goes on; SQLite
# takes either as fast, and the fewer rows, the more of them a processor has at hand.
ROWS_IN_MEMORY = 500_000
ROWS_IN_MEMORY_ON_SQLITE = 30_000
_OBJECTS_BETWEEN_COLLECTIONS = 1_000_000

Count = Callable[[int], None]
Write = Callable[[Connection, str | None, list[Changes]], int]


class BulkLoader:
    """Loads books into a generation that nobody reads yet; `count` is told how many facts.

    `parked` are the books with a fact that could not be folded, `quarantined` those left out since
    the database would not take a row. Of several loaders of one book, by different folds,
    one notes its checkpoints.
    """

    def __init__(
        self,
        ledger: Ledger,
        generation: Generation,
        definitions: Definitions,
        folding: Folding,
        count: Count,
        *,
        rows_in_memory: int | None = None,
        facts_per_read: int = _FACTS_PER_READ,
        notes_checkpoints: bool = True,
    ) -> None:
        self.parked: set[str] = set()
        self.quarantined: set[str] = set()
        self._notes_checkpoints = notes_checkpoints
        self._ledger = ledger
        self._generation = generation
        self._definitions = definitions
        self._folding = folding
        self._count = count
        self._rows_in_memory = rows_in_memory or (
            ROWS_IN_MEMORY_ON_SQLITE if generation.schema is None else ROWS_IN_MEMORY
        )
        self._facts_per_read = facts_per_read
        self._new: list[Changes] = []
        self._rows = 0

    def load_books(self, books: Iterable[tuple[str, int]]) -> None:
        """Load these books, each up to the position given with it."""
        with _rare_collections():
            for book, upto in books:
                self._load_book(book, upto)
            self._load()

    def _load_book(self, book: str, upto: int) -> None:
        changes, loaded, position = Changes(book), 0, 0
        digest: str | None = None
        for facts in self._facts(book, 0, upto):
            position, error = self._folding.add(changes, position, facts)
            self._count(len(facts))
            if error is not None:
                changes = self._again(book, loaded, position)
                self.parked.add(book)
                # A bad fact at the start of a page leaves the last good one on the page before.
                digest = digest_at(facts, position) or digest
                self._note(changes, Checkpoint(position, position + 1, error, digest))
                break
            digest = digest_at(facts, position)
            self._note(changes, Checkpoint(position, digest=digest))
            if self._rows + len(changes) > self._rows_in_memory:
                self._keep(changes, begun=loaded > 0)
                self._load()
                changes, loaded = Changes(book), position
            if book in self.quarantined:
                return
        self._keep(changes, begun=loaded > 0)

    def _again(self, book: str, after: int, upto: int) -> Changes:
        """The same changes without the bad fact, which some folds had taken their part of."""
        changes = Changes(book)
        for facts in self._facts(book, after, upto):
            self._folding.add(changes, after, facts)
            after = facts[-1].position
        return changes

    def _note(self, changes: Changes, checkpoint: Checkpoint) -> None:
        if self._notes_checkpoints:
            note_checkpoint(changes, checkpoint)

    def _facts(self, book: str, after: int, upto: int) -> Iterator[list[StoredFact]]:
        position = after
        while position < upto:
            facts = self._ledger.read(book, after=position, upto=upto, limit=self._facts_per_read)
            if not facts:
                return
            yield facts
            position = facts[-1].position

    def _keep(self, changes: Changes, *, begun: bool) -> None:
        if not begun:
            self._new.append(changes)
            self._rows += len(changes)
            return
        self._generation.create_keys(self._definitions)
        self._write(merge_into, [changes])

    def _load(self) -> None:
        self._write(insert_into, self._new)
        self._new, self._rows = [], 0

    def _write(self, write: Write, loaded: list[Changes]) -> None:
        """All at once; when the database refuses a row, book by book, without the book of it."""
        of_others = [each for each in loaded if each.book not in self.quarantined]
        try:
            with self._generation.loading() as connection:
                write(connection, self._generation.schema, of_others)
        except Exception as error:
            if not is_row_fault(error):
                raise
            if len(of_others) > 1:
                for each in of_others:
                    self._write(write, [each])
                return
            self.quarantined.add(of_others[0].book)
            quarantine(self._generation, self._definitions, of_others[0].book, error)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Rows pile up and make no cycles: looking through them for garbage is a waste of time."""
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
