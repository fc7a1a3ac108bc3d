"""As seen: rewrites a statement so that it reads each table as it stood at a moment of the past.

A table may say what of its rows had happened by then, by columns which say when that was and where
it was recorded; a table of figures how it follows from such rows. A statement then runs as ever,
with these in the place of the tables. So there is one query for now and for any moment.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import (
    Alias,
    BigInteger,
    ClauseElement,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Table,
    and_,
    literal,
    or_,
    true,
)
from sqlalchemy.sql import visitors


class NoPast(LookupError):  # noqa: N818 (a state of things, not a fault)
    """What is read does not say how it stood in the past: all facts have to be folded."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What had happened by `as_of` (microseconds), as was known at the position `known`.

    What was recorded up to the position `recorded` had happened by then, whatever it says of when.
    Where only rows of some `customers` are asked for, others may be left out.
    """

    book: str
    as_of: int | None
    recorded: int
    known: int | None
    customers: Sequence[str] | None = None

    def __call__(self, at: ColumnElement[Any], position: ColumnElement[Any]) -> ColumnElement[bool]:
        happened: ColumnElement[bool] = true()
        known: ColumnElement[bool] = true()
        if self.as_of is not None:
            happened = or_(at <= _number(self.as_of), position <= _number(self.recorded))
        if self.known is not None:
            known = position <= _number(self.known)
        return and_(happened, known)


S = TypeVar("S", bound=ClauseElement)

# The rows of a table as seen, with the columns of these names.
AsSeen = Callable[[Seen, Collection[str]], Select[Any]]
# The rows of a table of figures, from other tables.
Recomputed = Callable[[str, Collection[str]], Select[Any]]


@dataclass(frozen=True, slots=True)
class PastTables:
    """Which tables, or aliases of one, have a past, and of what columns: others raise NoPast."""

    as_seen: Mapping[FromClause, AsSeen]
    recomputed: Mapping[Table, Recomputed]

    def rewritten(self, statement: S, seen: Seen) -> S:
        """The statement with each table as seen. Raises NoPast."""
        rewritten: S = _Rewriting(self, seen, statement).statement
        return rewritten

    def of(self, rows: FromClause, seen: Seen, names: Collection[str]) -> Select[Any]:
        """The rows of a table as seen, with columns of these names. Raises NoPast."""
        table = _table_of(rows)
        assert table is not None  # noqa: S101 (asked before)
        try:
            if rows in self.as_seen:
                return self.as_seen[rows](seen, names)
            if table in self.as_seen:
                return self.as_seen[table](seen, names)
            return self.rewritten(self.recomputed[table](seen.book, names), seen)
        except KeyError as missing:
            raise NoPast(f"{table.name}: {missing}") from None


@dataclass
class _Rewriting:
    past: PastTables
    seen: Seen
    asked: Any
    _found: dict[FromClause, Subquery] = field(default_factory=dict)

    @cached_property
    def statement(self) -> Any:
        return visitors.replacement_traverse(self.asked, {}, self._replaced)

    def _replaced(self, element: Any, **_: Any) -> Any:
        if _table_of(element) is not None:
            return self._seen(element)
        table = getattr(element, "table", None)
        if table is not None and _table_of(table) is not None:
            return self._seen(table).c[element.name]
        return None

    def _seen(self, rows: FromClause) -> Subquery:
        found = self._found.get(rows)
        if found is None:
            names = {"book", *self._names.get(rows, ())}
            name = str(getattr(rows, "name", None))
            found = self.past.of(rows, self.seen, names).subquery(name)
            self._found[rows] = found
        return found

    @cached_property
    def _names(self) -> dict[FromClause, set[str]]:
        """The columns that are read, of each table or alias of one."""
        names: dict[FromClause, set[str]] = {}
        for element in visitors.iterate(self.asked):
            # What is selected of a table as a whole is no part of the statement by itself.
            columns = element.selected_columns if isinstance(element, Select) else (element,)
            for column in columns:
                rows = getattr(column, "table", None)
                if rows is not None and _table_of(rows) is not None:
                    names.setdefault(rows, set()).add(str(getattr(column, "name", "")))
        return names


def _table_of(rows: Any) -> Table | None:
    """The table that these are the rows of: itself, or what it is an alias of."""
    if isinstance(rows, Alias):
        rows = rows.element
    return rows if isinstance(rows, Table) else None


def _number(value: int) -> ColumnElement[int]:
    return literal(value, BigInteger)
