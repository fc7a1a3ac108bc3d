"""Changes: the row changes that some facts of one book make in the read models.

They merge in memory, column by column, as merging.py says; facts are folded in the order of their
positions. One `Changes` is about one book: no fold can write into another's rows.
"""

from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Table

from domain.fact import Fact
from projections.engine.folding.merging import ChangedRows, Key, MergeRow, row_maker
from projections.engine.folding.tables import key_names, value_names

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
    """The row changes of one book, merged so far.

    `of` answers with the rows of a table, to merge into:

        changes.of(book_totals).merge((fact.currency,), payment_count=1, last_created_at=at)
    """

    __slots__ = ("_tables", "book", "of")

    def __init__(self, book: str) -> None:
        self.book = book
        self._tables = _Tables(book)
        # As it stands, without a call of ours between: it is asked ten times for every fact.
        self.of = self._tables.__getitem__

    def merge(self, table: Table, key: Key, **values: Any) -> None:
        """`of(table).merge(key, …)`, for what is not done for every fact."""
        self.of(table).merge(key, **values)

    def absorb(self, later: "Changes") -> None:
        """Merge the changes of facts that come after these, of the same book."""
        if later.book != self.book:
            raise ValueError(f"changes of {later.book} are not of {self.book}")
        for table in later.tables():
            names, merge = value_names(table), self.of(table).merge
            for key, row in later.rows_of(table).items():
                merge(key, **dict(zip(names, row, strict=True)))

    def tables(self) -> list[Table]:
        """The tables with changed rows."""
        return [table for table, rows in self._tables.items() if rows.by_key]

    def rows_of(self, table: Table) -> dict[Key, list[Any]]:
        """The values of each changed row, in the order of the table's columns, by its key.

        What was not stated is 0 in a total, else None.
        """
        first = 1 + len(key_names(table))
        return {key: row[first:] for key, row in self.of(table).by_key.items()}

    def __len__(self) -> int:
        return sum(len(rows.by_key) for rows in self._tables.values())


class Rows:
    """The changed rows of one table, whole, by their keys after `book`.

    `merge(key, column=value, …)` merges values into the row of a key. It raises TypeError for a
    column the table has not, ValueError for a key of another length or with None in it.
    """

    __slots__ = ("by_key", "merge")

    def __init__(self, book: str, table: Table) -> None:
        self.by_key: ChangedRows
        self.merge: MergeRow
        self.by_key, self.merge = row_maker(table)(book)


class _Tables(dict[Table, Rows]):
    """The changed rows by table; one that is asked for and was not changed yet has none."""

    def __init__(self, book: str) -> None:
        super().__init__()
        self._book = book

    def __missing__(self, table: Table) -> Rows:
        self[table] = rows = Rows(self._book, table)
        return rows
