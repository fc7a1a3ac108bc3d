"""Picked facts: of one book those of some topics, at some positions, or of parts of streams."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Engine, Select, select

from ledger.append import StoredFact
from ledger.bulk_statements import asked_for
from ledger.reading import ask
from ledger.schema import events

_PART = (events.c.stream, Column("after_it", BigInteger), Column("up_to_it", BigInteger))
# A statement takes no more parameters than its database allows.
_AT_ONCE = 1_000


def read_topics(
    engine: Engine, book: str, topics: Collection[str], *, after: int, upto: int, limit: int
) -> list[StoredFact]:
    return _asked(engine, _of_topics(book, topics, after, upto).limit(limit))


def read_last_of_topics(
    engine: Engine, book: str, topics: Collection[str], *, after: int, upto: int, limit: int
) -> list[StoredFact]:
    last_first = _of_topics(book, topics, after, upto).order_by(events.c.position.desc())
    return _ask(engine, last_first.limit(limit))[::-1]


def _of_topics(book: str, topics: Collection[str], after: int, upto: int) -> Select[Any]:
    position = events.c.position
    among = (position > after, position <= upto, events.c.topic.in_(topics))
    return select(events).where(events.c.book == book, *among)


def read_at(engine: Engine, book: str, positions: Collection[int]) -> list[StoredFact]:
    wanted = sorted(set(positions))
    steps = (wanted[first : first + _AT_ONCE] for first in range(0, len(wanted), _AT_ONCE))
    return [
        fact
        for step in steps
        for fact in _asked(
            engine, select(events).where(events.c.book == book, events.c.position.in_(step))
        )
    ]


def read_parts(engine: Engine, book: str, parts: Mapping[str, tuple[int, int]]) -> list[StoredFact]:
    if not parts:
        return []
    return ask(engine, lambda connection: _parts(connection, book, parts))


def _asked(engine: Engine, query: Select[Any]) -> list[StoredFact]:
    return _ask(engine, query.order_by(events.c.position))


def _ask(engine: Engine, query: Select[Any]) -> list[StoredFact]:
    return ask(
        engine,
        lambda connection: [
            StoredFact(*row) for row in connection.execute(query).cursor.fetchall()
        ],
    )


def _parts(
    connection: Connection, book: str, parts: Mapping[str, tuple[int, int]]
) -> list[StoredFact]:
    rows = [(stream, *part) for stream, part in parts.items()]
    source, parameters = asked_for(connection, _PART, rows)
    is_server = connection.dialect.name == "postgresql"
    table, named = (events.fullname, "%b::text") if is_server else (events.name, "?")
    columns = ", ".join(f"t.{column.name}" for column in events.columns)
    # SQLite takes the tables of a cross join in the order they are written in.
    found = connection.exec_driver_sql(
        f"SELECT {columns} FROM {source} CROSS JOIN {table} AS t "  # noqa: S608 (our own names)
        f"WHERE t.book = {named} AND t.stream = r.stream "
        "AND t.version > r.after_it AND t.version <= r.up_to_it ORDER BY t.position",
        (*parameters, book),
    )
    return [StoredFact(*row) for row in found.cursor.fetchall()]
