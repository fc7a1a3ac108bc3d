"""A batch in one statement on PostgreSQL: heads and rows travel together, and nothing is held.

It says where the books are thought to stand. The server locks their heads, looks, moves them and
writes all rows; or it writes nothing, and says where they really stand. So whoever sent it may
stop, vanish or be cut off at any moment, and keeps nobody waiting.
"""

# ruff: noqa: S608 (only names of our own tables and columns are put into a statement)

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Connection, Table

from ledger.arrays import Array, by_column, unnested
from ledger.outcomes import Head, Plan, Stream
from ledger.parsed_first import execute_parsed_first
from ledger.schema import books, claims, events, replies

# A head that is locked for longer is locked by somebody who stands still (`ledger.batch`).
_LOCK_SECONDS: Final = 1


class Found(NamedTuple):
    """Whether it was written, and where the books stood before."""

    is_written: bool
    heads: dict[str, Head]


def write_at_once(
    connection: Connection,
    intended: Plan,
    heads: Mapping[str, Head],
    versions: Mapping[Stream, int],
) -> Found:
    """Writes the plan if the books stand at ``heads``, and these streams at these versions.

    All of it or nothing, also when it raises what the database raises.
    """
    statement, arrays = _sent(intended, heads, versions)
    found = connection.exec_driver_sql(statement, arrays).all()
    return Found(
        bool(found and found[0].holds),
        {row.book: Head(row.position, row.digest, row.recorded_at) for row in found},
    )


def write_locked(connection: Connection, intended: Plan, heads: Mapping[str, Head]) -> None:
    """The same where the heads are locked already, and stand as given."""
    statement, arrays = _sent(intended, heads, {})
    found = execute_parsed_first(connection, statement, arrays)
    if found.ntuples == 0 or found.get_value(0, found.nfields - 1) != b"t":
        raise RuntimeError("a book that was locked has moved")


def _sent(
    intended: Plan, heads: Mapping[str, Head], versions: Mapping[Stream, int]
) -> tuple[str, tuple[Array, ...]]:
    rows: dict[str, Sequence[tuple[Any, ...]]] = {
        "versions": [(*stream, version) for stream, version in versions.items()],
        "moved": intended.head_rows,
        "recorded": intended.events,
        "released": list(intended.released),
        "claimed": intended.claim_rows,
        "expired": intended.expired,
        "replied": intended.reply_rows,
    }
    given = {name: each for name, each in rows.items() if each}
    thought = by_column([(book, head.position, head.digest) for book, head in heads.items()])
    arrays = [array for each in given.values() for array in by_column(each)]
    return _statement(tuple(given)), (thought[0], *thought, *arrays)


@cache
def _statement(given: tuple[str, ...]) -> str:
    """The statement for these rows; its parameters are in their order."""
    queries = [_locked(), _verdict(_versions_hold() if "versions" in given else "")]
    for name in given:
        if name in _WRITTEN:
            # Of one table first what is taken away: parts of a statement have no order else.
            first = _FIRST.get(name)
            is_gone = f" AND (SELECT count(*) FROM {first}) >= 0" if first in given else ""
            queries.append(f"{name} AS ({_WRITTEN[name]}{is_gone})")
    answer = "SELECT l.*, v.holds FROM locked AS l CROSS JOIN verdict AS v"
    return f"WITH {', '.join(queries)} {answer}"


def _locked() -> str:
    """In the order of the books, so that nobody waits in a circle.

    What is set is set before, and for this transaction: in a session it would be lost behind a
    pooler.
    """
    settings = (
        "set_config('synchronous_commit', 'on', true) || "
        f"set_config('lock_timeout', '{_LOCK_SECONDS}s', true)"
    )
    return (
        f"locked AS (SELECT {_listed(books.columns)} FROM {books.fullname} "
        f"WHERE book = ANY(%b::text[]) AND (SELECT {settings}) <> '' ORDER BY book FOR UPDATE)"
    )


def _verdict(versions_hold: str) -> str:
    columns = (books.c.book, books.c.position, books.c.digest)
    names = _listed(columns)
    return (
        f"verdict AS (SELECT (SELECT bool_and(({names}) IN (SELECT {names} FROM locked)) "
        f"FROM {unnested(columns)}){versions_hold} AS holds)"
    )


def _versions_hold() -> str:
    """They are seen as of the statement's beginning: what came after it has moved a head."""
    columns = (events.c.book, events.c.stream, events.c.version)
    return (
        f" AND NOT EXISTS (SELECT 1 FROM {unnested(columns)} WHERE r.version <> coalesce("
        f"(SELECT max(t.version) FROM {events.fullname} AS t "
        "WHERE t.book = r.book AND t.stream = r.stream), 0))"
    )


def _moving() -> str:
    changes = ", ".join(f"{c.name} = r.{c.name}" for c in books.columns if not c.primary_key)
    return (
        f"UPDATE {books.fullname} AS t SET {changes} FROM {unnested(list(books.columns))} "
        f"WHERE t.book = r.book AND {_HOLDS}"
    )


def _inserting(table: Table) -> str:
    columns = list(table.columns)
    return (
        f"INSERT INTO {table.fullname} ({_listed(columns)}) "
        f"SELECT * FROM {unnested(columns)} WHERE {_HOLDS}"
    )


def _deleting(columns: Sequence[Column[Any]]) -> str:
    same = " AND ".join(f"t.{column.name} = r.{column.name}" for column in columns)
    return (
        f"DELETE FROM {columns[0].table.fullname} AS t USING {unnested(columns)} "
        f"WHERE {same} AND {_HOLDS} RETURNING t.book"
    )


def _listed(columns: Any) -> str:
    return ", ".join(column.name for column in columns)


_HOLDS: Final = "(SELECT holds FROM verdict)"
_WRITTEN: Final = {
    "moved": _moving(),
    "recorded": _inserting(events),
    "released": _deleting([claims.c.book, claims.c.kind, claims.c.value, claims.c.stream]),
    "claimed": _inserting(claims),
    "expired": _deleting([replies.c.book, replies.c.key]),
    "replied": _inserting(replies),
}
_FIRST: Final = {"claimed": "released", "replied": "expired"}
