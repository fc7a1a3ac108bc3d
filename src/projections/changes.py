"""What some facts of one book change in the read models.

Changes merge in memory, column by column, as rows.py says; facts are folded in the order of their
positions. One `Changes` is about one book: no fold can write into another's rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Table

from domain.fact import Fact
from projections.rows import MergeKind, key_names, merge_of, value_names

Key = tuple[Any, ...]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact, with its place in its book. `fact.timestamp` is when it was recorded."""

    book: str
    position: int
    fact: Fact


class Changes:
    """The row changes of one book, merged so far."""

    __slots__ = ("_tables", "book")

    def __init__(self, book: str) -> None:
        self.book = book
        self._tables: dict[Table, tuple[_Plan, dict[Key, Row]]] = {}

    def merge(self, table: Table, key: Key, **values: Any) -> None:
        """Merge `values` into the row named by `key`: its key columns after `book`, in order.

        Raises KeyError for a column the table has not, ValueError for a key of another length.
        """
        entry = self._tables.get(table)
        if entry is None:
            entry = self._tables[table] = (_plan(table), {})
        plan, rows = entry
        row = rows.get(key)
        if row is None:
            if len(key) != plan.key_length or None in key:
                raise ValueError(f"{key} is not a key of {table.name}")
            row = rows[key] = {}
        steps = plan.steps
        for name, value in values.items():
            step = steps[name]
            if step is not None and value is not None:
                step(row, name, value, values)

    def absorb(self, later: "Changes") -> None:
        """Merge the changes of facts that come after these, of the same book."""
        if later.book != self.book:
            raise ValueError(f"changes of {later.book} are not of {self.book}")
        for table, rows in later.rows():
            for key, row in rows.items():
                self.merge(table, key, **row)

    def rows(self) -> Iterator[tuple[Table, dict[Key, Row]]]:
        """Each changed table with its changed rows; columns not stated are not in a row."""
        for table, (_, rows) in self._tables.items():
            yield table, rows

    def rows_of(self, table: Table) -> dict[Key, Row]:
        entry = self._tables.get(table)
        return {} if entry is None else entry[1]

    def __len__(self) -> int:
        return sum(len(rows) for _, rows in self._tables.values())


Step = Callable[[Row, str, Any, Row], None]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a table merges, looked up once. A step of None: its time column takes it along."""

    key_length: int
    steps: dict[str, Step | None]


@cache
def _plan(table: Table) -> _Plan:
    steps: dict[str, Step | None] = {}
    for name in value_names(table):
        merge = merge_of(table.columns[name])
        followers = tuple(c.name for c in table.columns if merge_of(c).of == name)
        if merge.kind is MergeKind.DERIVED:
            raise ValueError(f"{table.name} is derived: nothing is merged into it")
        steps[name] = None if merge.of else _step(merge.kind, followers)
    return _Plan(len(key_names(table)), steps)


def _step(kind: MergeKind, followers: tuple[str, ...]) -> Step:
    match kind:
        case MergeKind.MIN:
            return _smallest(followers)
        case MergeKind.MAX:
            return _largest(followers)
        case MergeKind.SUM:
            return _add
        case MergeKind.FIRST:
            return _keep
        case _:
            return _replace


def _add(row: Row, name: str, value: Any, _values: Row) -> None:
    row[name] = row.get(name, 0) + value


def _keep(row: Row, name: str, value: Any, _values: Row) -> None:
    row.setdefault(name, value)


def _replace(row: Row, name: str, value: Any, _values: Row) -> None:
    row[name] = value


def _smallest(followers: tuple[str, ...]) -> Step:
    def step(row: Row, name: str, value: Any, values: Row) -> None:
        known = row.get(name)
        if known is None or value < known:
            row[name] = value
            for follower in followers:
                row[follower] = values.get(follower)

    return step


def _largest(followers: tuple[str, ...]) -> Step:
    def step(row: Row, name: str, value: Any, values: Row) -> None:
        known = row.get(name)
        if known is None or value >= known:
            row[name] = value
            for follower in followers:
                row[follower] = values.get(follower)

    return step
