"""Snapshot: the views of one book in memory, folded up to a position.

A SQLite database in memory that several connections share; the queries are the same as ever,
whatever database the store is. It is gone with its last connection.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, Self
from uuid import uuid4

from sqlalchemy import Connection, QueuePool, create_engine, event

from ledger.facts import FactMapper, StoredFact
from ledger.ledger import Ledger
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.fold import Folding
from projections.engine.generations.fold_and_write import fold_and_write
from projections.engine.generations.generation import Generation
from projections.engine.time_travel.as_of import AsOfMapper


class Snapshot:
    """Folded by one thread, then read by any number: it is not changed while anybody reads.

    `position` is how far it is folded; `parked` says that a fact that cannot be folded comes next.
    """

    def __init__(self, definitions: Definitions, book: str, as_of: datetime | None) -> None:
        self._definitions = definitions
        self._book = book
        self._folding = folding_as_of(definitions, as_of)
        self._generation = _in_memory(definitions)
        self._generation.create(definitions)
        self._has_indexes = False
        self.position = 0
        self.parked = False

    def fold(self, ledger: Ledger, upto: int) -> None:
        """Go on to position `upto` of the book, in bounded memory beside the rows themselves."""

        def read(after: Mapping[str, int], each: int, _: object) -> list[StoredFact]:
            return ledger.read(self._book, after=after[self._book], upto=upto, limit=each)

        while self.position < upto and not self.parked:
            step = fold_and_write(
                self._generation, self._definitions, self._folding, read, [self._book]
            )
            reached = step.checkpoints[self._book]
            self.position, self.parked = reached.position, reached.parked_error is not None
            if not step.unfinished:
                break
        if not self._has_indexes:
            self._generation.create_indexes(self._definitions)
            self._generation.analyze(self._definitions)
            self._has_indexes = True

    def copy(self) -> Self:
        """The same rows once more, to fold on in."""
        twin = object.__new__(type(self))
        vars(twin).update(vars(self))
        twin._generation = _in_memory(self._definitions)
        with self.reading() as ours, twin.reading() as theirs:
            _driver(ours).backup(_driver(theirs))
        return twin

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._generation.reading() as connection:
            yield connection

    def size(self) -> int:
        """Bytes of the rows and their indexes."""
        with self.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())

    def close(self) -> None:
        self._generation.engine.dispose()


def folding_as_of(definitions: Definitions, as_of: datetime | None) -> Folding:
    """Folds facts as they looked at a moment; None is now."""
    if as_of is None:
        return Folding(FactMapper(), definitions.folds)
    mapper = (definitions.mapper_as_of or AsOfMapper)(as_of)
    return Folding(mapper, (*definitions.folds, *definitions.folds_as_of))


def blank_views(definitions: Definitions) -> bytes:
    """The tables and indexes of views without any row, as a database."""
    generation = _in_memory(definitions)
    try:
        generation.create(definitions)
        generation.create_indexes(definitions)
        with generation.reading() as connection:
            return _driver(connection).serialize()
    finally:
        generation.engine.dispose()


def _in_memory(definitions: Definitions) -> Generation:
    place = f"file:/{uuid4().hex}?vfs=memdb"
    engine = create_engine(
        "sqlite://",
        creator=partial(
            sqlite3.connect, place, uri=True, check_same_thread=False, isolation_level=None
        ),
        poolclass=QueuePool,
        # One keeps the database alive; those beside it take their caches along when they go.
        pool_size=1,
        max_overflow=-1,
        hide_parameters=True,
        execution_options={"schema_translate_map": {"views": None}},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return Generation(
        number=0,
        definitions=definitions.digest(),
        engine=engine,
        reading_engine=engine,
        schema=None,
        path=None,
    )


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 (made above)
    return driver
