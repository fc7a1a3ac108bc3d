"""Bulk statements: many rows reach the database in one.

PostgreSQL gets one array per column, which it unnests; SQLite gets the rows one after the other
from its own driver. Both leave out what SQLAlchemy does for each row; the tables of `ledger.schema`
stay the one definition. (Measured, with the other ways: docs/decisions/0001-ledger.md.)
"""

# ruff: noqa: S608 (only names of our own tables and columns are put into a statement)

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from ledger.arrays import by_column, unnested
from ledger.distribution import is_distributed
from ledger.driver import driven
from ledger.parsed_first import execute_parsed_first

Row = tuple[Any, ...]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts rows that have a value for each column of the table, in its order."""
    if not rows:
        return
    columns = list(table.columns)
    into = f"{_name(connection, table)} ({_listed(columns)})"
    if _has_arrays(connection):
        # Never by COPY, during which the server waits for us, whatever it has locked.
        inserted = f"INSERT INTO {into} SELECT * FROM {unnested(columns)}"
        execute_parsed_first(connection, inserted, by_column(rows))
    else:
        values = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {into} VALUES ({values})", list(rows))


def put_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts rows as `insert_rows` does, and overwrites those of the same primary key."""
    if not rows:
        return
    if not _has_arrays(connection):
        replace_rows(connection, table, rows)
        return
    columns = list(table.columns)
    key = _listed([each for each in columns if each.primary_key])
    changes = ", ".join(f"{c.name} = excluded.{c.name}" for c in columns if not c.primary_key)
    connection.exec_driver_sql(
        f"INSERT INTO {_name(connection, table)} ({_listed(columns)}) "
        f"SELECT * FROM {unnested(columns)} ON CONFLICT ({key}) DO UPDATE SET {changes}",
        by_column(rows),
    )


def insert_missing(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]
) -> None:
    """Inserts those of the rows whose key is not there yet."""
    dialect = postgresql if _has_arrays(connection) else sqlite
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def copy_rows(
    connection: Connection, statement: str, types: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Copies rows into PostgreSQL by a `COPY … FROM STDIN`; `types` are those of the columns."""
    with (
        driven(connection, statement) as driver,
        driver.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def replace_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Overwrites the rows of the same primary key, which must be there."""
    if not rows:
        return
    columns = list(table.columns)
    name = _name(connection, table)
    if _has_arrays(connection):
        changes = ", ".join(f"{c.name} = r.{c.name}" for c in columns if not c.primary_key)
        same = " AND ".join(f"t.{c.name} = r.{c.name}" for c in columns if c.primary_key)
        for part, named, book in _as_sent(connection, rows):
            connection.exec_driver_sql(
                f"UPDATE {name} AS t SET {changes} FROM {unnested(columns)} WHERE {same}{named}",
                (*by_column(part), *book),
            )
    else:
        values = ", ".join("?" * len(columns))
        connection.exec_driver_sql(
            f"REPLACE INTO {name} ({_listed(columns)}) VALUES ({values})", list(rows)
        )


def delete_rows(
    connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[Row]
) -> None:
    """Deletes the rows in which the columns (of one table) have these values."""
    if not rows:
        return
    for part, named, book in _as_sent(connection, rows):
        source, parameters = asked_for(connection, columns, part)
        connection.exec_driver_sql(
            f"DELETE FROM {_name(connection, columns[0].table)} AS t "
            f"WHERE ({_listed(columns)}) IN (SELECT * FROM {source}){named}",
            (*parameters, *book),
        )


def select_rows(
    connection: Connection, keys: Sequence[Column[Any]], rows: Sequence[Row]
) -> list[Row]:
    """The whole rows in which the columns (of one table) have these values, in no order."""
    if not rows:
        return []
    table = keys[0].table
    same = " AND ".join(f"t.{key.name} = r.{key.name}" for key in keys)
    names = ", ".join(f"t.{column.name}" for column in table.columns)
    found: list[Row] = []
    for part, named, book in _as_sent(connection, rows):
        source, parameters = asked_for(connection, keys, part)
        found += connection.exec_driver_sql(
            f"SELECT {names} FROM {source} JOIN {_name(connection, table)} AS t ON {same}{named}",
            (*parameters, *book),
        )
    return [tuple(row) for row in found]


def locking(
    connection: Connection, key: Column[Any], values: Sequence[str]
) -> tuple[str, tuple[Any, ...]]:
    """A statement that reads the rows with these keys and locks them in their order."""
    table = key.table
    query = f"SELECT {_listed(list(table.columns))} FROM {_name(connection, table)}"
    if _has_arrays(connection) and len(values) == 1:
        return f"{query} WHERE {key.name} = %b::text FOR UPDATE", tuple(values)
    if _has_arrays(connection):
        locked = f"{query} WHERE {key.name} = ANY(%b::text[]) ORDER BY {key.name} FOR UPDATE"
        return locked, (list(values),)
    # SQLite has one lock for all, and whoever is going to write holds it already.
    among = f"{query} WHERE {key.name} IN ({', '.join('?' * len(values))})"
    return among, tuple(values)


def select_highest(
    connection: Connection, keys: Sequence[Column[Any]], of: Column[Any], rows: Sequence[Row]
) -> list[Row]:
    """For each row of key values that exists: the values, and the highest ``of`` among them."""
    if not rows:
        return []
    same = " AND ".join(f"t.{key.name} = r.{key.name}" for key in keys)
    # A subquery, so that each is one step into the index however long the stream is.
    highest = f"SELECT max(t.{of.name}) FROM {_name(connection, of.table)} AS t WHERE {same}"
    found: list[Row] = []
    for part, named, book in _as_sent(connection, rows):
        source, parameters = asked_for(connection, keys, part)
        found += connection.exec_driver_sql(
            f"SELECT r.*, ({highest}{named}) FROM {source}", (*book, *parameters)
        )
    return [tuple(row) for row in found if row[-1] is not None]


def asked_for(
    connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[Row]
) -> tuple[str, Row]:
    """Rows as something to select from, called ``r``, and its parameters. Not for bytes."""
    if _has_arrays(connection):
        return unnested(columns), by_column(rows)
    fields = ", ".join(f"json_extract(value, '$[{i}]') AS {c.name}" for i, c in enumerate(columns))
    return f"(SELECT {fields} FROM json_each(?)) AS r", (orjson.dumps(rows).decode(),)


def _as_sent(
    connection: Connection, rows: Sequence[Row]
) -> Iterator[tuple[Sequence[Row], str, Row]]:
    """The rows of one statement: all of them, or on a cluster those of one book, which it names.

    With them comes what the condition on ``t`` is to be continued with, and its parameters.
    """
    if not is_distributed(connection):
        yield rows, "", ()
        return
    for book, part in groupby(sorted(rows, key=itemgetter(0)), itemgetter(0)):
        yield list(part), " AND t.book = %b::text", (book,)


def _has_arrays(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _name(connection: Connection, table: Any) -> str:
    return str(table.fullname if _has_arrays(connection) else table.name)


def _listed(columns: Sequence[Column[Any]]) -> str:
    return ", ".join(column.name for column in columns)
