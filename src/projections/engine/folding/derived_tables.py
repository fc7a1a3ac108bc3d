"""Derived tables: rows that follow from other rows of the same book, and their queries.

A derived table is a pure function of the rows of its sources (a customer's preferred currency, of
the totals per currency). It is written as one query over `touched`: the keys to compute, with the
columns `book` and the derived table's own key columns. After a batch `touched` holds the keys that
the batch changed; after a rebuild, all keys of the sources. So there is one definition, and a row
cannot depend on the way the facts were cut into batches.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, FromClause, MetaData, Select, Table

from projections.engine.folding.tables import VIEWS, IndexColumns, key_names, view

Compute = Callable[[FromClause], Select[Any]]


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived table, the tables it follows from, and the query that computes it."""

    table: Table
    sources: tuple[Table, ...]
    compute: Compute


def derived(
    name: str,
    *columns: Column[Any],
    sources: Sequence[Table],
    compute: Compute,
    indexes: Sequence[IndexColumns] = (),
    metadata: MetaData = VIEWS,
) -> Derived:
    """Declare a derived table: `key(…)` and `computed(…)` columns.

    `compute(touched)` selects every column of the table, by name, at most one row for each row of
    `touched`; a touched key without a row has none afterwards. Each source has all key columns of
    the derived table among its own key columns, by the same names, or the derived table has none
    (one row per book). A source may be derived itself, if it comes earlier in the definitions.
    It must join `touched` on `book` first of all: rows of other books are none of its business.
    Where it orders by something that may be null it says where nulls go: the databases disagree.
    """
    table = view(name, *columns, indexes=indexes, metadata=metadata)
    for source in sources:
        missing = set(key_names(table)) - set(key_names(source))
        if missing:
            raise ValueError(f"{name} has keys that {source.name} has not: {sorted(missing)}")
    return Derived(table, tuple(sources), compute)
