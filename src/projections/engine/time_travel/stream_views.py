"""Views of streams: what a few streams of a book come to as of a moment, for one question.

A question about one customer needs no others: their facts are folded into blank views in memory,
by the folds that fill all views, and the same query runs on them. They are gone with the answer.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event

from ledger.facts import StoredFact
from ledger.ledger import Ledger
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.derivation import derive_touched
from projections.engine.folding.row_writer import merge_into
from projections.engine.time_travel.snapshot import blank_views, folding_as_of

_STREAMS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class FactsAbout:
    """Which facts a question is about: those of some streams, and others at some positions."""

    streams: Sequence[str]
    positions: Sequence[int] = ()


class BookTooLarge(ValueError):  # noqa: N818 (an answer to whoever asked)
    """More facts would have to be folded for one answer than is allowed.

    How many is not said: not everybody who may ask may count what is recorded.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"the past of more than {limit} facts is not folded")
        self.limit = limit


class StreamViews:
    """Any thread may fold; each connection of the engine has blank views of its own.

    One engine for all, or every question would compile its statements anew.
    """

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._blank = blank_views(definitions)
        self._engine = self._opened()

    @contextmanager
    def folded(
        self, book: str, as_of: datetime | None, facts: Sequence[StoredFact]
    ) -> Iterator[Connection]:
        """The views of these facts, which are in order. Raises what a fold does."""
        changes = [folding_as_of(self._definitions, as_of).fold_picked(book, facts)]
        with self._engine.connect() as connection:
            merge_into(connection, None, changes)
            derive_touched(connection, self._definitions.derived, changes)
            for searched in self._definitions.searched:
                searched.add(connection, changes)
            yield connection

    def _opened(self) -> Engine:
        engine = create_engine(
            "sqlite://",
            creator=self._copy,
            poolclass=NullPool,
            hide_parameters=True,
            execution_options={"schema_translate_map": {"views": None}},
        )

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

        return engine

    def _copy(self) -> Any:
        copy = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        copy.deserialize(self._blank)
        return copy


def facts_about(
    ledger: Ledger, book: str, about: FactsAbout, *, upto: int, most: int
) -> list[StoredFact]:
    """In order, up to a position. Raises BookTooLarge where they are more than `most`."""
    streams, positions = about.streams, about.positions
    if len(streams) + len(positions) > most:
        raise BookTooLarge(most)
    found = ledger.read_at(book, [each for each in positions if each <= upto])
    for first in range(0, len(streams), _STREAMS_AT_ONCE):
        whole = dict.fromkeys(streams[first : first + _STREAMS_AT_ONCE], (0, upto))
        found += [fact for fact in ledger.read_parts(book, whole) if fact.position <= upto]
        if len(found) > most:
            raise BookTooLarge(most)
    return sorted(found, key=attrgetter("position"))
