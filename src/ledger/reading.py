"""Ledger queries: each question is one short statement over one book."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    Select,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.exc import DBAPIError

from ledger.append import Replied, StoredFact
from ledger.bulk_statements import asked_for
from ledger.clock import written
from ledger.distribution import is_distributed
from ledger.schema import books, events, replies, store

T = TypeVar("T")

# Behind all that begins as a name does.
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class StoreIdentity:
    """Which store this is: a restored backup keeps the id and gets another epoch."""

    store_id: str
    epoch: int

    def __str__(self) -> str:
        return f"{self.store_id}.{self.epoch}"


def ask(engine: Engine, question: Callable[[Connection], T]) -> T:
    """Asks once more when the connection is gone, or none came: reading twice does no harm.

    Of this process, too, every patience ends while it stands still.
    """
    try:
        with engine.connect() as connection:
            return question(connection)
    except DBAPIError as error:
        if not (error.connection_invalidated or error.statement is None):
            raise
    with engine.connect() as connection:
        return question(connection)


@contextmanager
def one_moment(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees the store as it is now, however long it reads."""
    engine = engine.execution_options(unhurried=True)
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection, connection.begin():
        yield connection


def read(
    engine: Engine,
    book: str,
    *,
    after: int = 0,
    upto: int | None = None,
    limit: int,
    connection: Connection | None = None,
) -> list[StoredFact]:
    query = _query(book, after, upto, limit)
    return _ask_on(engine, connection, lambda connection: _facts(connection.execute(query)))


def _query(book: str, after: int, upto: int | None, limit: int) -> Select[Any]:
    query = select(events).where(events.c.book == book, events.c.position > after)
    if upto is not None:
        query = query.where(events.c.position <= upto)
    return query.order_by(events.c.position).limit(limit)


def read_many(
    engine: Engine, after: Mapping[str, int], each: int, connection: Connection | None
) -> list[StoredFact]:
    return _ask_on(engine, connection, lambda connection: _read_many(connection, after, each))


def _ask_on(
    engine: Engine, connection: Connection | None, question: Callable[[Connection], T]
) -> T:
    """In the transaction at hand, which is tried again as a whole; else by itself."""
    return ask(engine, question) if connection is None else question(connection)


def _read_many(connection: Connection, after: Mapping[str, int], each: int) -> list[StoredFact]:
    if connection.dialect.name == "postgresql" and not is_distributed(connection):
        return _read_many_at_once(connection, after, each)
    # A statement for each book: without a network between it costs nothing and never sorts, and a
    # cluster goes to the one machine that has the book.
    found: list[StoredFact] = []
    for book in sorted(after):
        query = _query(book, after[book], None, each)
        found += _facts(connection.execute(query))
    return found


def _read_many_at_once(
    connection: Connection, after: Mapping[str, int], each: int
) -> list[StoredFact]:
    if not after:
        return []
    source, parameters = asked_for(
        connection, (events.c.book, events.c.position), sorted(after.items())
    )
    names = ", ".join(f"e.{column.name}" for column in events.columns)
    # A page of each book is taken from its index; only those pages are sorted.
    found = connection.exec_driver_sql(
        f"SELECT {names} FROM {source} CROSS JOIN LATERAL ("  # noqa: S608 (our own names)
        f"SELECT * FROM {events.fullname} AS t WHERE t.book = r.book AND t.position > r.position "
        f"ORDER BY t.position LIMIT %s) AS e ORDER BY e.book, e.position",
        (*parameters, each),
    )
    return _facts(found)


def read_stream(engine: Engine, book: str, stream: str, *, after: int = 0) -> list[StoredFact]:
    query = (
        select(events)
        .where(events.c.book == book, events.c.stream == stream, events.c.version > after)
        .order_by(events.c.version)
    )
    return ask(engine, lambda connection: _facts(connection.execute(query)))


def _facts(found: CursorResult[Any]) -> list[StoredFact]:
    # From the driver itself: its rows are what a fact is made of, and there are very many.
    return [StoredFact(*row) for row in found.cursor.fetchall()]


def read_streams(
    engine: Engine,
    book: str,
    streams: Sequence[str],
    *,
    topics: Sequence[str],
    after: int = 0,
    upto: int,
    limit: int,
) -> list[StoredFact]:
    if not streams:
        return []
    column = events.c
    query = (
        select(events)
        .where(
            column.book == book,
            column.stream.in_(streams),
            column.topic.in_(topics),
            column.position <= upto,
            or_(column.stream != streams[0], column.version > after),
        )
        .order_by(
            case({stream: place for place, stream in enumerate(streams)}, value=column.stream),
            column.version,
        )
        .limit(limit)
    )
    return ask(engine, lambda connection: _facts(connection.execute(query)))


def last_of(
    engine: Engine, book: str, stream: str, *, topics: Sequence[str], upto: int
) -> StoredFact | None:
    column = events.c
    query = (
        select(events)
        .where(
            column.book == book,
            column.stream == stream,
            column.topic.in_(topics),
            column.position <= upto,
        )
        .order_by(column.version.desc())
        .limit(1)
    )
    return next(iter(ask(engine, lambda connection: _facts(connection.execute(query)))), None)


def position_at(engine: Engine, book: str, moment: datetime) -> int:
    # Moments never go back within a book, so halving finds it; text order is time order.
    last = written(moment)
    recorded_at = select(events.c.recorded_at).where(events.c.book == book)

    def halve(connection: Connection) -> int:
        known = select(books.c.position).where(books.c.book == book)
        before, after = 0, (connection.execute(known).scalar() or 0) + 1
        while after - before > 1:
            middle = (before + after) // 2
            at = connection.execute(recorded_at.where(events.c.position == middle)).scalar_one()
            before, after = (middle, after) if at <= last else (before, middle)
        return before

    return ask(engine, halve)


def head(engine: Engine, book: str) -> int:
    query = select(books.c.position).where(books.c.book == book)
    return max(0, ask(engine, lambda connection: connection.execute(query).scalar()) or 0)


def heads(engine: Engine, among: Collection[str] | None = None) -> dict[str, int]:
    there = select(books.c.book, books.c.position).where(books.c.position >= 0)
    if among is not None:
        there = there.where(books.c.book.in_(among))
    query = there.order_by(books.c.book)
    # dict() would ask each row for its keys, which takes twice as long.
    return ask(
        engine,
        lambda connection: {book: position for book, position in connection.execute(query)},  # noqa: C416 (see above)
    )


def first_books(engine: Engine, prefix: str, limit: int) -> list[str]:
    query = (
        select(books.c.book)
        .where(books.c.position >= 0, books.c.book.startswith(prefix, autoescape=True))
        .order_by(books.c.book)
        .limit(limit)
    )
    return ask(engine, lambda connection: list(connection.execute(query).scalars()))


def reply(engine: Engine, book: str, key: str, *, now: datetime) -> Replied | None:
    query = select(
        replies.c.fingerprint,
        replies.c.status,
        replies.c.body,
        replies.c.position,
        replies.c.expires_at,
    ).where(replies.c.book == book, replies.c.key == key, replies.c.expires_at > written(now))
    found = ask(engine, lambda connection: connection.execute(query).one_or_none())
    return None if found is None else Replied(*found)


def identity(engine: Engine) -> StoreIdentity:
    query = select(store.c.id, store.c.epoch).where(store.c.book == "")
    return StoreIdentity(*ask(engine, lambda connection: connection.execute(query).one()))


def first_stream(connection: Connection, book: str, prefix: str) -> str | None:
    """The first stream of a book whose name begins so."""
    query = select(events.c.stream).where(events.c.book == book, *_begins(prefix))
    return connection.execute(query.order_by(events.c.stream).limit(1)).scalar()


def count_streams(engine: Engine, book: str, prefix: str) -> int:
    query = select(func.count()).where(
        events.c.book == book, *_begins(prefix), events.c.version == 1
    )
    return ask(engine, lambda connection: connection.execute(query).scalar_one())


def streams(engine: Engine, book: str, prefix: str) -> list[str]:
    query = select(events.c.stream).where(
        events.c.book == book, *_begins(prefix), events.c.version == 1
    )
    ordered = query.order_by(events.c.stream)
    return ask(engine, lambda connection: list(connection.execute(ordered).scalars()))


def _begins(prefix: str) -> tuple[ColumnElement[bool], ...]:
    return events.c.stream >= prefix, events.c.stream < f"{prefix}{_LAST}"
