"""Lists newest first, of what was created in a range: invoices and subscriptions."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import Connection, Row, Select, Table, select

from projections.engine.querying.candidates import counted_up_to_few
from projections.engine.querying.conditions import between
from projections.engine.querying.pages import By, Page, PageArguments, every_row, fetch_page


def created_in_range(
    view: Table, book: str, start: datetime | None = None, end: datetime | None = None
) -> Select[Any]:
    """The rows of a view with `created_at`, `start` ≤ created_at < `end`, None asking nothing.

    What was told of a thing before it was created is in no list.
    """
    return select(view).where(view.c.book == book, *between(view.c.created_at, start, end))


def newest_first(
    connection: Connection, rows: Select[Any], view: Table, **request: Unpack[PageArguments]
) -> Page[Row[Any]]:
    """A page by (created_at, id). Raises BadCursor. The total is true up to candidates.FEW."""
    page = fetch_page(connection, rows, _order(view), **request)
    return counted_up_to_few(connection, rows, page, **request)


def all_newest_first(connection: Connection, rows: Select[Any], view: Table) -> Iterator[Row[Any]]:
    """All of them in the same order, read some hundreds at a time."""
    return every_row(connection, rows, _order(view))


def _order(view: Table) -> tuple[By, ...]:
    _book, identity = view.primary_key.columns
    return (By(view.c.created_at, descending=True, stated=True), By(identity, descending=True))
