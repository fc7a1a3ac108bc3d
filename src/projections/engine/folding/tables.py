"""Tables of read models: their columns, and the rule by which two values of each merge.

A row is a product of monoids: every column declares how an earlier and a later value of it become
one. Because each merge is associative, any way of cutting the facts into batches gives the same
rows, in memory and in SQL alike.

A column may be left out of a change: it is then *unstated*, and the row keeps what it has.

    SUM          0 is unstated; NOT NULL
    MIN, MAX     null is unstated
    FIRST, LAST  null is unstated; otherwise the first or last stated, in the order of positions
    AT_EARLIEST  the value stated with the MIN column it belongs to; null is a value like any other;
                 when two facts have the same time, the one recorded first counts
    AT_LATEST    the same with a MAX column; of two facts with one time, the one recorded last
    DERIVED      computed from other rows (see derived_tables.py), never merged
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine

VIEWS = MetaData(schema="views")

# Both databases then sort and compare text by code point, whatever the locale of the server.
KEY = Text().with_variant(Text(collation="C"), "postgresql")

Kind = TypeEngine[str] | TypeEngine[int] | TypeEngine[bool]
AnyKind = Kind | type[Text] | type[BigInteger] | type[Integer] | type[Boolean]
IndexColumns = Sequence[str]


class MergeKind(StrEnum):
    KEY = "key"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    LAST = "last"
    AT_EARLIEST = "at_earliest"
    AT_LATEST = "at_latest"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Merge:
    """How a column merges; `of` names the time column an AT_… column follows."""

    kind: MergeKind
    of: str | None = None


def view(
    name: str,
    *columns: Column[Any],
    indexes: Sequence[IndexColumns] = (),
    metadata: MetaData = VIEWS,
) -> Table:
    """The table of a read model; `book` is added as the first key column.

    `indexes` are tuples of column names, `-` before a name for descending; `book` leads each of
    them without being said. Nulls count as smallest, on both databases.
    """
    book = key("book")
    keys = [book, *(column for column in columns if merge_of(column).kind is MergeKind.KEY)]
    primary_key = PrimaryKeyConstraint(*(column.name for column in keys), name=f"{name}_pkey")
    table = Table(
        name,
        metadata,
        book,
        *columns,
        # PostgreSQL makes it faster once the rows are there: see `Generation.create_keys`.
        primary_key.ddl_if(dialect="sqlite"),
        sqlite_with_rowid=False,
        sqlite_strict=True,
    )
    _check_times(table)
    for number, names in enumerate(indexes, start=1):
        _add_index(table, f"{name}_{number}", names)
    return table


def key(name: str, kind: AnyKind = KEY) -> Column[Any]:
    """A part of what names a row."""
    return Column(name, _stored(kind), nullable=False, info={"merge": Merge(MergeKind.KEY)})


def total(name: str) -> Column[int]:
    """Integers added up, from 0."""
    merge = Merge(MergeKind.SUM)
    kind = _stored(BigInteger)
    return Column(name, kind, nullable=False, server_default="0", info={"merge": merge})


def earliest(name: str, kind: AnyKind = BigInteger) -> Column[Any]:
    """The smallest value stated; null until one is."""
    return _column(name, kind, MergeKind.MIN)


def latest(name: str, kind: AnyKind = BigInteger) -> Column[Any]:
    """The largest value stated; null until one is."""
    return _column(name, kind, MergeKind.MAX)


def first(name: str, kind: AnyKind = KEY) -> Column[Any]:
    """The value stated by the fact recorded first; null is not stating."""
    return _column(name, kind, MergeKind.FIRST)


def last(name: str, kind: AnyKind = KEY) -> Column[Any]:
    """The value stated by the fact recorded last; null is not stating."""
    return _column(name, kind, MergeKind.LAST)


def at_earliest(name: str, *, of: str, kind: AnyKind = KEY) -> Column[Any]:
    """The value, null included, that came with the smallest of the `earliest` column `of`."""
    return _column(name, kind, MergeKind.AT_EARLIEST, of)


def at_latest(name: str, *, of: str, kind: AnyKind = KEY) -> Column[Any]:
    """The value, null included, that came with the largest of the `latest` column `of`."""
    return _column(name, kind, MergeKind.AT_LATEST, of)


def computed(name: str, kind: AnyKind = KEY) -> Column[Any]:
    """A column of a derived table."""
    return _column(name, kind, MergeKind.DERIVED)


def merge_of(column: Column[Any]) -> Merge:
    merge = column.info["merge"]
    assert isinstance(merge, Merge)  # noqa: S101 (put there by the makers above)
    return merge


def key_names(table: Table) -> tuple[str, ...]:
    """The key columns after `book`."""
    return tuple(
        column.name
        for column in table.columns
        if column.name != "book" and merge_of(column).kind is MergeKind.KEY
    )


def value_names(table: Table) -> tuple[str, ...]:
    return tuple(
        column.name for column in table.columns if merge_of(column).kind is not MergeKind.KEY
    )


def _column(name: str, kind: AnyKind, merge: MergeKind, of: str | None = None) -> Column[Any]:
    return Column(name, _stored(kind), nullable=True, info={"merge": Merge(merge, of)})


class _StrictBoolean(Boolean):
    """A boolean for SQLite's strict tables, which know the word INTEGER only."""


@compiles(_StrictBoolean)
def _integer(*_: object, **__: object) -> str:
    return "INTEGER"


def _stored(kind: AnyKind) -> TypeEngine[Any]:
    """The type as both databases hold it; SQLite refuses what does not fit, as PostgreSQL does.

    (Else a sum too large would become a float there, in silence.)
    """
    stored = kind() if isinstance(kind, type) else kind
    match stored:
        case Boolean():
            return stored.with_variant(_StrictBoolean(), "sqlite")
        case Integer():
            return stored.with_variant(Integer(), "sqlite")
        case _:
            return stored


def _check_times(table: Table) -> None:
    needed = {MergeKind.AT_EARLIEST: MergeKind.MIN, MergeKind.AT_LATEST: MergeKind.MAX}
    for column in table.columns:
        merge = merge_of(column)
        if merge.of is None:
            continue
        if merge_of(table.columns[merge.of]).kind is not needed[merge.kind]:
            raise ValueError(
                f"{table.name}.{column.name} follows {merge.of}, which is no such time"
            )


def _add_index(table: Table, name: str, names: IndexColumns) -> None:
    for dialect in ("sqlite", "postgresql"):
        columns = [table.columns["book"].asc()]
        for each in names:
            column = table.columns[each.removeprefix("-")]
            # PostgreSQL would call nulls the largest, and SQLite has no word for it in an index.
            stated = column.nullable and dialect == "postgresql"
            if each.startswith("-"):
                columns.append(column.desc().nulls_last() if stated else column.desc())
            else:
                columns.append(column.asc().nulls_first() if stated else column.asc())
        Index(name, *columns, info={"dialect": dialect}).ddl_if(dialect=dialect)
