"""Customer history: everything that happened with one customer, newest first.

Payments, refunds, disputes, subscriptions and invoices are read from their own views, each through
its index from where the page begins; only these few rows are sorted together. What no fact tells,
messages that were sent, is added by whoever knows of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    column,
    func,
    literal,
    select,
    tuple_,
    union_all,
)

from projections.customer_totals import customer_activity
from projections.engine.folding.timestamps import instant, micros
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

# When something happened, its type and its id: the order of the timeline.
Place = Sequence[Any]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened; `amount` in the minor unit of `currency`, null of a message.

    Of a payment it is what was paid, and until it has succeeded what was asked. `occurred_at` is
    when it began; `status` is how it stands now. `payment_id` names the payment it is about, if it
    is about one; `execution_id` what of a workflow brought it about.
    """

    type: EntryType
    id: str
    occurred_at: datetime
    status: str
    amount: int | None
    currency: str | None
    description: str | None
    source: str | None
    source_id: str | None
    source_description: str | None
    payment_id: str | None
    execution_id: str | None = None


# The newest entries that come after a place, at most so many, and how many there are in all.
Elsewhere = Callable[[Place | None, int], tuple[list[HistoryEntry], int]]


def _nowhere(_after: Place | None, _most: int) -> tuple[list[HistoryEntry], int]:
    return [], 0


def customer_history(
    connection: Connection,
    book: str,
    customer_id: str,
    *,
    types: Sequence[EntryType] = ENTRY_TYPES,
    limit: int,
    offset: int = 0,
    cursor: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    elsewhere: Elsewhere = _nowhere,
) -> Page[HistoryEntry]:
    """The timeline, of these types of entries only, with the true total. Raises BadCursor.

    `start` ≤ occurred_at < `end`. ``elsewhere``: who knows of messages, of the same time.
    """
    after = None if cursor is None else values_at(_NEWEST_FIRST, cursor)
    most = offset + limit + 1
    told, total = elsewhere(after, most) if "message" in types else _nowhere(after, most)
    names = sorted(set(types) & TIMELINE_SOURCES.keys())
    sources = {name: TIMELINE_SOURCES[name](book, customer_id).within(start, end) for name in names}
    skipped = 0 if told else offset
    entries = _entries(connection, sources, after, skipped, most)
    if told:
        entries = sorted([*entries, *told], key=_place, reverse=True)[offset:]
    total += sum(_count(connection, book, customer_id, *each) for each in sources.items())
    more = len(entries) > limit
    place = cursor_at(_NEWEST_FIRST, _place(entries[limit - 1])) if more else None
    return Page(entries[:limit], total, place)


def comes_after(
    place: Place, name: str, occurred_at: ColumnElement[Any], id_: ColumnElement[str]
) -> ColumnElement[bool]:
    """Whether what is of this type comes after a place, older things later."""
    at, type_before, id_before = place
    if name == type_before:
        return and_(tuple_(occurred_at, id_) < (at, id_before))
    return and_(occurred_at <= at if name < type_before else occurred_at < at)


def _entries(
    connection: Connection,
    sources: Mapping[EntryType, TimelineSource],
    after: Place | None,
    skipped: int,
    most: int,
) -> list[HistoryEntry]:
    """Those of the views, newest first."""
    if not sources:
        return []
    parts = (
        select(_part(name, each, after, most).subquery(name)) for name, each in sources.items()
    )
    whole = union_all(*parts).subquery("timeline")
    newest = (whole.c.occurred_at.desc(), whole.c.type.desc(), whole.c.id.desc())
    query = select(whole).order_by(*newest).offset(skipped).limit(most - skipped)
    return [_entry(row) for row in connection.execute(query)]


def _place(entry: HistoryEntry) -> tuple[int, str, str]:
    return micros(entry.occurred_at), entry.type, entry.id


def _part(name: EntryType, sources: TimelineSource, after: Place | None, most: int) -> Select[Any]:
    """The rows of one view that come next: no more of them can be on the page."""
    rows = sources.rows.add_columns(literal(name, Text).label("type"))
    if after is not None:
        rows = rows.where(comes_after(after, name, sources.occurred_at, sources.id))
    return rows.order_by(sources.occurred_at.desc(), sources.id.desc()).limit(most)


def _count(
    connection: Connection, book: str, customer_id: str, name: EntryType, sources: TimelineSource
) -> int:
    if name == "payment" and not sources.is_cut:
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
