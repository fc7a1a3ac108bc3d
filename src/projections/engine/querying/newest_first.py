"""Lists newest first, of what was created in a range: invoices and subscriptions."""

from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import Connection, Row, Select, Table, select

from projections.engine.querying.candidates import counted_up_to_few
from projections.engine.querying.conditions import between
from projections.engine.querying.pages import By, Page, PageArguments, fetch_page


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
    _book, identity = view.primary_key.columns
    order = (By(view.c.created_at, descending=True, stated=True), By(identity, descending=True))
    page = fetch_page(connection, rows, order, **request)
    return counted_up_to_few(connection, rows, page, **request)
