"""Row writer: writes the changes of a batch by one bulk upsert for each table, keys in order.

Rows go in the order of their keys, tables in the order of their names: so two writers wait for
each other, and never in a circle.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table

from ledger.bulk_statements import copy_rows
from ledger.driver import driven
from projections.engine.folding.changes import Changes
from projections.engine.folding.upsert import TableSql, table_sql

Values = list[Any]

_ROWS_PER_STATEMENT = 20_000


def merge_into(connection: Connection, schema: str | None, changes: Sequence[Changes]) -> int:
    """Merge the changes of several books into the tables; answers how many rows that were."""
    return _write(connection, schema, changes, clashing=True)


def insert_into(connection: Connection, schema: str | None, changes: Sequence[Changes]) -> int:
    """The same for rows whose keys are known to be new: bulk loading, COPY on PostgreSQL."""
    return _write(connection, schema, changes, clashing=False)


def _write(
    connection: Connection, schema: str | None, changes: Sequence[Changes], *, clashing: bool
) -> int:
    dialect = connection.dialect.name
    written = 0
    for table in sorted(_tables(changes), key=lambda each: each.name):
        sql = table_sql(table, schema, dialect)
        rows = _rows(table, changes)
        # They begin with their keys, and no two have the same.
        rows.sort()
        # By the driver where rows are very many: SQLAlchemy would look at each of them.
        if dialect == "sqlite":
            statement = sql.upsert if clashing else sql.insert
            with driven(connection, statement) as driver:
                driver.executemany(statement, rows)
        elif clashing:
            _upsert(connection, sql, rows)
        else:
            copied = f"COPY {sql.name} ({', '.join(sql.columns)}) FROM STDIN (FORMAT BINARY)"
            copy_rows(connection, copied, sql.types, rows)
        written += len(rows)
    return written


def _tables(changes: Iterable[Changes]) -> set[Table]:
    return {table for each in changes for table in each.tables()}


def _rows(table: Table, changes: Iterable[Changes]) -> list[Values]:
    return [row for each in changes for row in each.of(table).by_key.values()]


def _upsert(connection: Connection, sql: TableSql, rows: list[Values]) -> None:
    for start in range(0, len(rows), _ROWS_PER_STATEMENT):
        part = rows[start : start + _ROWS_PER_STATEMENT]
        columns = tuple(list(column) for column in zip(*part, strict=True))
        connection.exec_driver_sql(sql.upsert, columns)
