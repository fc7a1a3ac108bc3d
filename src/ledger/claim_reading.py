"""Claim reading: the claims of a book and the facts they follow from, all as of one moment."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Select, select

from ledger.append import Claim, StoredFact
from ledger.reading import one_moment
from ledger.schema import claims, events

_PAGE = 2_000
# Comes after every character of an id.
_LAST = "\x7f"


class BookReading:
    """Streams are read in the order of the index by stream; nothing is held in memory."""

    def __init__(self, connection: Connection, book: str) -> None:
        self.book = book
        self._connection = connection

    def streams(self, prefix: str) -> Iterator[StoredFact]:
        """The facts of the streams that begin so, stream by stream, in order."""
        column = events.c
        named = [column.stream >= prefix, column.stream < prefix + _LAST]
        query = select(events).where(column.book == self.book, *named)
        for row in self._rows(query.order_by(column.stream, column.version)):
            yield StoredFact(*row)

    def facts(self, topics: Sequence[str]) -> Iterator[tuple[str, str, str]]:
        """Stream, topic and data of the facts of these topics, in the order they were recorded."""
        column = events.c
        query = select(column.stream, column.topic, column.data).where(
            column.book == self.book, column.topic.in_(topics)
        )
        yield from self._rows(query.order_by(column.position))

    def claims(self) -> Iterator[Claim]:
        """All that is held, in the order of kinds and values."""
        query = select(claims.c.kind, claims.c.value, claims.c.stream)
        ordered = query.where(claims.c.book == self.book).order_by(claims.c.kind, claims.c.value)
        for row in self._rows(ordered):
            yield Claim(*row)

    def owner(self, kind: str, value: str) -> str | None:
        query = select(claims.c.stream).where(
            claims.c.book == self.book, claims.c.kind == kind, claims.c.value == value
        )
        return self._connection.execute(query).scalar()

    def has(self, stream: str) -> bool:
        """Whether there are facts of a stream."""
        # With the version, or SQLite would walk through the whole book.
        first = select(events.c.position).where(
            events.c.book == self.book, events.c.stream == stream, events.c.version == 1
        )
        return self._connection.execute(first).first() is not None

    def _rows(self, query: Select[Any]) -> Iterator[Any]:
        with self._connection.execution_options(yield_per=_PAGE).execute(query) as found:
            yield from found


@contextmanager
def reading_book(engine: Engine, book: str) -> Iterator[BookReading]:
    with one_moment(engine) as connection:
        yield BookReading(connection, book)
