"""Merging in the database: one bulk upsert, by the merges that the tables declare."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table

from projections.engine.folding.tables import Merge, MergeKind, key_names, merge_of, value_names


@dataclass(frozen=True, slots=True)
class TableSql:
    """The statements of one table; parameters are the columns in the order of `columns`.

    On SQLite one row for each execution, on PostgreSQL one array for each column. `types` are
    PostgreSQL's.
    """

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    insert: str
    upsert: str


@cache
def table_sql(table: Table, schema: str | None, dialect: str) -> TableSql:
    """Compiled once for a table, a generation and a kind of database."""
    keys = ("book", *key_names(table))
    names = value_names(table)
    columns = (*keys, *names)
    full_name = table.name if schema is None else f'"{schema}".{table.name}'
    into = f"INSERT INTO {full_name} AS kept ({', '.join(columns)})"
    if dialect == "sqlite":
        insert = f"{into} VALUES ({', '.join('?' for _ in columns)})"
    else:
        arrays = ", ".join(_array(table.columns[name]) for name in columns)
        insert = f"{into} SELECT * FROM unnest({arrays})"  # noqa: S608 (the names are our own)
    return TableSql(
        name=full_name,
        columns=columns,
        types=tuple(type_name(table.columns[name]) for name in columns),
        insert=insert,
        upsert=f"{insert} ON CONFLICT ({', '.join(keys)}) {_action(table, dialect)}",
    )


def _action(table: Table, dialect: str) -> str:
    merged = [
        f"{name} = {_merged(name, merge_of(table.columns[name]), dialect)}"
        for name in value_names(table)
    ]
    return f"DO UPDATE SET {', '.join(merged)}" if merged else "DO NOTHING"


def _merged(name: str, merge: Merge, dialect: str) -> str:
    kept, new = f"kept.{name}", f"excluded.{name}"
    match merge.kind:
        case MergeKind.SUM:
            return f"{kept} + {new}"
        case MergeKind.MIN | MergeKind.MAX:
            return _extreme(kept, new, merge.kind, dialect)
        case MergeKind.FIRST:
            return f"coalesce({kept}, {new})"
        case MergeKind.LAST:
            return f"coalesce({new}, {kept})"
        case MergeKind.AT_EARLIEST:
            return _followed(kept, new, f"excluded.{merge.of} < kept.{merge.of}", merge)
        case MergeKind.AT_LATEST:
            return _followed(kept, new, f"excluded.{merge.of} >= kept.{merge.of}", merge)
        case _:
            raise ValueError(f"{name} is not merged")


def _extreme(kept: str, new: str, kind: MergeKind, dialect: str) -> str:
    if dialect == "postgresql":
        return f"{'least' if kind is MergeKind.MIN else 'greatest'}({kept}, {new})"
    # SQLite's min and max of two answer null as soon as one of them is.
    function = "min" if kind is MergeKind.MIN else "max"
    return f"{function}(coalesce({kept}, {new}), coalesce({new}, {kept}))"


def _followed(kept: str, new: str, beyond: str, merge: Merge) -> str:
    unset = f"kept.{merge.of} IS NULL AND excluded.{merge.of} IS NOT NULL"
    return f"CASE WHEN {beyond} OR ({unset}) THEN {new} ELSE {kept} END"


def _array(column: Column[Any]) -> str:
    # In binary form, by far the quicker one.
    return f"%b::{type_name(column)}[]"


def type_name(column: Column[Any]) -> str:
    """What PostgreSQL calls the type of the column, without its collation."""
    match column.type:
        case BigInteger():
            return "bigint"
        case Boolean():
            return "boolean"
        case Integer():
            return "integer"
        case _:
            return "text"
