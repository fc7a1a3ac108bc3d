"""What some facts of one book change in the read models.

Changes merge in memory, column by column, as rows.py says; facts are folded in the order of their
positions. One `Changes` is about one book: no fold can write into another's rows.
"""

from collections.abc import Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Table

from domain.fact import Fact
from projections.merging import Merger, blank, merger
from projections.rows import key_names, value_names

Key = tuple[Any, ...]
F = TypeVar("F", bound=Fact)


class Recorded(NamedTuple, Generic[F]):
    """A fact, with its place in its book. `fact.timestamp` is when it was recorded.

    `at` is `fact.occurred_at` as the tables hold it: in microseconds since the epoch.
    """

    book: str
    position: int
    fact: F
    at: int


class Changes:
    """The row changes of one book, merged so far."""

    __slots__ = ("_tables", "book")

    def __init__(self, book: str) -> None:
        self.book = book
        self._tables: dict[Table, _Changed] = {}

    def merge(self, table: Table, key: Key, **values: Any) -> None:
        """Merge `values` into the row named by `key`: its key columns after `book`, in order.

        Raises KeyError for a column the table has not, ValueError for a key of another length.
        """
        changed = self._tables.get(table)
        if changed is None:
            changed = self._tables[table] = _Changed(table)
        row = changed.rows.get(key)
        if row is None:
            row = changed.begin(key)
        if values:
            stated = tuple(values)
            merge = changed.mergers.get(stated)
            if merge is None:
                merge = changed.mergers[stated] = merger(table, stated)
            merge(row, values.values())

    def absorb(self, later: "Changes") -> None:
        """Merge the changes of facts that come after these, of the same book."""
        if later.book != self.book:
            raise ValueError(f"changes of {later.book} are not of {self.book}")
        for table, rows in later.rows():
            names = value_names(table)
            for key, row in rows.items():
                self.merge(table, key, **dict(zip(names, row, strict=True)))

    def rows(self) -> Iterator[tuple[Table, dict[Key, list[Any]]]]:
        """Each changed table with its changed rows: the values of all columns that are no keys.

        They stand in the order of the table; what was not stated is 0 in a total, else None.
        """
        for table, changed in self._tables.items():
            yield table, changed.rows

    def rows_of(self, table: Table) -> dict[Key, list[Any]]:
        changed = self._tables.get(table)
        return {} if changed is None else changed.rows

    def __len__(self) -> int:
        return sum(len(changed.rows) for changed in self._tables.values())


class _Changed:
    """The changed rows of one table, and what merges into them, by the names of its values."""

    __slots__ = ("_blank", "_key_length", "_name", "mergers", "rows")

    def __init__(self, table: Table) -> None:
        self.rows: dict[Key, list[Any]] = {}
        self.mergers: dict[tuple[str, ...], Merger] = {}
        self._name = table.name
        self._blank = blank(table)
        self._key_length = len(key_names(table))

    def begin(self, key: Key) -> list[Any]:
        if len(key) != self._key_length or None in key:
            raise ValueError(f"{key} is not a key of {self._name}")
        row = self.rows[key] = self._blank.copy()
        return row
