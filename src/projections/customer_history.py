"""Customer history: everything that happened with one customer, newest first.

Payments, refunds, disputes, subscriptions and invoices are read from their own views, each through
its index from where the page begins; only these few rows are sorted together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    Text,
    column,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from projections.customer_totals import customer_activity
from projections.engine.folding.timestamps import instant
from projections.engine.querying.pages import By, Page, cursor_at, values_at
from projections.timeline_sources import (
    COLUMNS,
    ENTRY_TYPES,
    TIMELINE_SOURCES,
    EntryType,
    TimelineSource,
)

_NEWEST_FIRST = (
    By(column("occurred_at", BigInteger), descending=True, stated=True),
    By(column("type", Text), descending=True, stated=True),
    By(column("id", Text), descending=True, stated=True),
)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened; `amount` in the minor unit of `currency`.

    Of a payment it is what was paid, and until it has succeeded what was asked. `occurred_at` is
    when it began; `status` is how it stands now. `payment_id` names the payment it is about, if it
    is about one.
    """

    type: EntryType
    id: str
    occurred_at: datetime
    status: str
    amount: int
    currency: str
    description: str | None
    source: str | None
    source_id: str | None
    source_description: str | None
    payment_id: str | None


def customer_history(
    connection: Connection,
    book: str,
    customer_id: str,
    *,
    types: Sequence[EntryType] = ENTRY_TYPES,
    limit: int,
    offset: int = 0,
    cursor: str | None = None,
) -> Page[HistoryEntry]:
    """The timeline, of these types of entries only, with the true total. Raises BadCursor."""
    after = None if cursor is None else values_at(_NEWEST_FIRST, cursor)
    sources = {name: TIMELINE_SOURCES[name](book, customer_id) for name in sorted(set(types))}
    parts = [
        select(_part(name, each, after, offset + limit + 1).subquery(name))
        for name, each in sources.items()
    ]
    if not parts:
        return Page([], 0, None)
    whole = union_all(*parts).subquery("timeline")
    newest = (whole.c.occurred_at.desc(), whole.c.type.desc(), whole.c.id.desc())
    rows = connection.execute(select(whole).order_by(*newest).offset(offset).limit(limit + 1)).all()
    total = sum(_count(connection, book, customer_id, name, each) for name, each in sources.items())
    page = [_entry(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(page, total, None)
    last = rows[limit - 1]
    return Page(page, total, cursor_at(_NEWEST_FIRST, (last.occurred_at, last.type, last.id)))


def _part(
    name: EntryType, sources: TimelineSource, after: Sequence[Any] | None, most: int
) -> Select[Any]:
    """The rows of one view that come next: no more of them can be on the page."""
    rows = sources.rows.add_columns(literal(name, Text).label("type"))
    if after is not None:
        at, type_before, id_before = after
        if name == type_before:
            rows = rows.where(tuple_(sources.occurred_at, sources.id) < (at, id_before))
        elif name < type_before:
            rows = rows.where(sources.occurred_at <= at)
        else:
            rows = rows.where(sources.occurred_at < at)
    return rows.order_by(sources.occurred_at.desc(), sources.id.desc()).limit(most)


def _count(
    connection: Connection, book: str, customer_id: str, name: EntryType, sources: TimelineSource
) -> int:
    if name == "payment":
        activity = customer_activity.c
        counted = select(activity.payment_count).where(
            activity.book == book, activity.customer_id == customer_id
        )
    else:
        counted = select(func.count()).select_from(sources.rows.subquery())
    return int(connection.execute(counted).scalar() or 0)


def _entry(row: Any) -> HistoryEntry:
    return HistoryEntry(
        type=row.type,
        occurred_at=instant(row.occurred_at),
        **{name: getattr(row, name) for name in COLUMNS if name != "occurred_at"},
    )
