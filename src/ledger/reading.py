"""Ledger queries: each question is one short statement over one book."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Select, case, func, or_, select
from sqlalchemy.exc import DBAPIError

from ledger.append import Replied, StoredFact
from ledger.bulk_statements import asked_for
from ledger.chain import BrokenChain, Chain, genesis, walk
from ledger.clock import written
from ledger.distribution import is_distributed
from ledger.schema import books, events, replies, store

T = TypeVar("T")

_PAGE = 1000


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
    return ask(engine, lambda connection: connection.execute(query).scalar()) or 0


def heads(engine: Engine) -> dict[str, int]:
    query = select(books.c.book, books.c.position).order_by(books.c.book)
    # dict() would ask each row for its keys, which takes twice as long.
    return ask(
        engine,
        lambda connection: {book: position for book, position in connection.execute(query)},  # noqa: C416 (see above)
    )


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


def verify(engine: Engine, book: str) -> Chain | BrokenChain:
    # One statement, one moment: a fact recorded meanwhile is behind both or neither.
    last = select(func.max(events.c.position)).where(events.c.book == book).scalar_subquery()
    query = select(books.c.position, books.c.digest, last).where(books.c.book == book)
    found = ask(engine, lambda connection: connection.execute(query).one_or_none())
    if found is None:
        stray = read(engine, book, limit=1)
        if stray:
            return BrokenChain(book, stray[0].position, "added: the book has no head")
        return Chain(0, genesis(book))
    position, digest, written_upto = found
    if written_upto is not None and written_upto > position:
        return BrokenChain(book, position + 1, "added: it stands behind the head of the book")
    return walk(book, Chain(position, digest), lambda after: _all(engine, book, after, position))


def _all(engine: Engine, book: str, after: int, upto: int) -> Iterator[StoredFact]:
    while page := read(engine, book, after=after, upto=upto, limit=_PAGE):
        yield from page
        after = page[-1].position
