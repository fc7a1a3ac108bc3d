"""Keyset pages: a page of a list, and the cursor where the next one begins.

A cursor is the sort values of the last row of a page, as opaque url-safe text. The next page is
everything after that row in the same order, found through the index: page 10,000 costs what page 1
costs. Nulls count as smallest, on both databases.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, Generic, TypedDict, TypeVar, Unpack

from sqlalchemy import (
    ColumnElement,
    Connection,
    Label,
    Row,
    Select,
    Table,
    and_,
    func,
    or_,
    select,
    true,
    tuple_,
)

T = TypeVar("T")
U = TypeVar("U")

# So many rows are read at a time where all are wanted.
EXPORT_STEP = 500

_LARGEST = 2**63 - 1
_SMALLEST: dict[type, Any] = {int: -_LARGEST - 1, str: "", bool: False}
_LONGEST_TOKEN = 4096


class BadArgument(ValueError):  # noqa: N818 (an answer to the caller, like the refusals)
    """The question is wrong, not the program; ``field``: the argument, as callers know it."""

    field: ClassVar[str]


class BadCursor(BadArgument):
    """The token was not made by a page of this list in this order."""

    field = "cursor"

    def __init__(self) -> None:
        super().__init__("this cursor was not given out for this list in this order")


class PagePlace(TypedDict, total=False):
    """Where a page begins: after `cursor`, or else at `offset`."""

    offset: int
    cursor: str | None


class PageArguments(PagePlace):
    """Which part of a list: from its place, at most `limit` rows."""

    limit: int


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list; `total` counts the whole list, None when it was not asked for.

    Unless `total_is_exact` there are at least so many. `next_cursor` is None on the last page.
    """

    rows: list[T]
    total: int | None
    next_cursor: str | None
    total_is_exact: bool = True

    def of(self, record: Callable[[T], U]) -> "Page[U]":
        """The same page, each row as a record."""
        return self.showing([record(row) for row in self.rows])

    def showing(self, rows: list[U]) -> "Page[U]":
        """The same page, with these in the place of its rows."""
        return Page(rows, self.total, self.next_cursor, self.total_is_exact)


@dataclass(frozen=True, slots=True)
class By:
    """One column of an order. The last one must make the order total (an id)."""

    column: ColumnElement[Any]
    descending: bool = False
    # Every row of the list has a value here, though the column of a half-told row may be null.
    stated: bool = False

    @property
    def nullable(self) -> bool:
        return not self.stated and bool(getattr(self.column, "nullable", True))


def fetch_page(
    connection: Connection,
    statement: Select[Any],
    order: Sequence[By],
    *,
    total: int | None = None,
    **request: Unpack[PageArguments],
) -> Page[Row[Any]]:
    """Run `statement` in `order`, for the part of it that is asked for.

    Rows carry the sort values as extra trailing columns. Raises BadCursor.
    """
    limit, offset = request["limit"], request.get("offset", 0)
    labels = [Label(f"cursor_{i}", by.column) for i, by in enumerate(order)]
    ordered = statement.add_columns(*labels).order_by(*(_direction(by) for by in order))
    if offset:
        ordered = ordered.offset(offset)
    rows: list[Row[Any]] = []
    for stretch in _stretches(order, request.get("cursor")):
        rows += connection.execute(ordered.where(stretch).limit(limit + 1 - len(rows)))
        if len(rows) > limit:
            last = tuple(rows[limit - 1])[-len(order) :]
            return Page(rows[:limit], total, cursor_at(order, last))
    return Page(rows, total, None)


def fetch_page_and_count(
    connection: Connection,
    statement: Select[Any],
    order: Sequence[By],
    **request: Unpack[PageArguments],
) -> Page[Row[Any]]:
    """The same with the total, of what is worked out to the end for any page of it.

    What comes off an index is not: there it is counted apart.
    """
    if not request.get("cursor"):
        counting = statement.add_columns(func.count().over().label("everybody"))
        found = fetch_page(connection, counting, order, **request)
        if found.rows:
            return replace(found, total=found.rows[0].everybody)
    total = connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one()
    return fetch_page(connection, statement, order, total=total, **request)


def every_row(
    connection: Connection, statement: Select[Any], order: Sequence[By]
) -> Iterator[Row[Any]]:
    """All rows of `statement` in `order`, read EXPORT_STEP at a time, as they are taken."""
    return every_page(partial(fetch_page, connection, statement, order))


def in_steps(
    connection: Connection, statement: Select[Any], order: Sequence[By]
) -> Iterator[Sequence[Row[Any]]]:
    """The same, EXPORT_STEP by EXPORT_STEP, of what is worked out to the end for any page of it."""
    ordered = statement.order_by(*map(_direction, order))
    with connection.execute(ordered, execution_options={"yield_per": EXPORT_STEP}) as found:
        yield from found.partitions()


def every_page(fetch: Callable[..., Page[T]]) -> Iterator[T]:
    """All rows of a list, read EXPORT_STEP at a time, as they are taken."""
    cursor = None
    while True:
        page = fetch(limit=EXPORT_STEP, cursor=cursor)
        yield from page.rows
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def cursor_at(order: Sequence[By], values: Sequence[Any]) -> str:
    """The token of the row that has these values in the columns of `order`."""
    token = json.dumps([_fingerprint(order), *values], separators=(",", ":")).encode()
    return urlsafe_b64encode(token).decode().rstrip("=")


def belongs(cursor: str, order: Sequence[By]) -> bool:
    """Whether the token was given out for a list in this order."""
    try:
        values_at(order, cursor)
    except BadCursor:
        return False
    return True


def _direction(by: By) -> ColumnElement[Any]:
    if not getattr(by.column, "nullable", True):
        return by.column.desc() if by.descending else by.column.asc()
    return by.column.desc().nulls_last() if by.descending else by.column.asc().nulls_first()


def _stretches(order: Sequence[By], cursor: str | None) -> list[ColumnElement[bool]]:
    """The conditions of all that comes after the cursor, stretch by stretch, in order.

    Each stretch is one range of the index. Where all columns go one way and none is null there is
    one, a comparison of rows; otherwise: what is alike but for the last column, then what is alike
    but for the last two, and so on. What has no index, being computed, is computed once.
    """
    if cursor is None:
        return [true()]
    values = values_at(order, cursor)
    alike = len({by.descending for by in order}) == 1
    if alike and not any(by.nullable for by in order):
        row = tuple_(*(by.column for by in order))
        return [row < tuple(values) if order[0].descending else row > tuple(values)]
    stretches = [
        and_(*map(_equal, order[:place], values), beyond)
        for place in reversed(range(len(order)))
        for beyond in _beyond(order[place], values[place])
    ]
    stored = all(isinstance(getattr(by.column, "table", None), Table) for by in order)
    return stretches if stored else [or_(*stretches)]


def _equal(by: By, value: Any) -> ColumnElement[bool]:
    return by.column.is_(None) if value is None else by.column == value


def _beyond(by: By, value: Any) -> Iterator[ColumnElement[bool]]:
    if value is None:
        if not by.descending:
            # Every value there is, said as a range: SQLite finds no way in by IS NOT NULL.
            yield by.column >= _SMALLEST[by.column.type.python_type]
        return
    yield by.column < value if by.descending else by.column > value
    if by.descending and by.nullable:
        yield by.column.is_(None)


def _fingerprint(order: Sequence[By]) -> str:
    text = ",".join(f"{by.column}{'-' if by.descending else '+'}" for by in order)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def values_at(order: Sequence[By], cursor: str) -> list[Any]:
    """The sort values of the row a token was made of; raises BadCursor."""
    if len(cursor) > _LONGEST_TOKEN:
        raise BadCursor
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        fingerprint, *values = json.loads(urlsafe_b64decode(padded))
    except (ValueError, TypeError) as error:
        raise BadCursor from error
    fits = len(values) == len(order) and all(map(_fits, order, values))
    if fingerprint != _fingerprint(order) or not fits:
        raise BadCursor
    return list(values)


def _fits(by: By, value: Any) -> bool:
    if value is None:
        return by.nullable
    if type(value) is not by.column.type.python_type:
        return False
    if isinstance(value, str):
        return "\x00" not in value
    return not isinstance(value, int) or abs(value) <= _LARGEST
