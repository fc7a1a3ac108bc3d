"""Lists newest first, of what was created in a range: invoices and subscriptions."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Row, Select, Table, select

from projections.engine.folding.timestamps import micros
from projections.engine.querying.candidates import count_up_to_few
from projections.engine.querying.pages import By, Page, fetch_page

T = TypeVar("T")


def created_in_range(
    view: Table,
    book: str,
    same: Mapping[Column[Any], object],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Select[Any]:
    """The rows of a view with `created_at`, `start` ≤ created_at < `end`, None asking nothing.

    What was told of a thing before it began to be is told in no list.
    """
    rows = select(view).where(view.c.book == book, view.c.created_at.is_not(None))
    rows = rows.where(*(column == value for column, value in same.items() if value is not None))
    if start is not None:
        rows = rows.where(view.c.created_at >= micros(start))
    if end is not None:
        rows = rows.where(view.c.created_at < micros(end))
    return rows


def newest_first(
    connection: Connection,
    rows: Select[Any],
    view: Table,
    record: Callable[[Row[Any]], T],
    *,
    limit: int,
    offset: int = 0,
    cursor: str | None = None,
) -> Page[T]:
    """A page by (created_at, id), each row as `record`. Raises BadCursor.

    The total is true up to candidates.FEW.
    """
    _book, identity = view.primary_key.columns
    order = (By(view.c.created_at, descending=True, stated=True), By(identity, descending=True))
    page = fetch_page(connection, rows, order, limit=limit, offset=offset, cursor=cursor)
    total, is_exact = count_up_to_few(connection, rows, page, offset=offset, cursor=cursor)
    return Page([record(row) for row in page.rows], total, page.next_cursor, is_exact)
