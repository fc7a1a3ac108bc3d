"""Parts of many streams of one book, read with one statement."""

from collections.abc import Mapping

from sqlalchemy import BigInteger, Column, Connection, Engine

from ledger.append import StoredFact
from ledger.bulk_statements import asked_for
from ledger.reading import ask
from ledger.schema import events

_PART = (events.c.stream, Column("after_it", BigInteger), Column("up_to_it", BigInteger))


def read_parts(engine: Engine, book: str, parts: Mapping[str, tuple[int, int]]) -> list[StoredFact]:
    """In the order of the book; a part begins after one version and ends with another."""
    if not parts:
        return []
    return ask(engine, lambda connection: _read(connection, book, parts))


def _read(
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
