"""Everything that happened with one customer, in one timeline: newest first.

Payments, refunds, disputes, subscriptions and invoices are read from their own views, each through
its index from where the page begins; only these few rows are sorted together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    cast,
    column,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)

from projections.customer_totals import customer_activity
from projections.disputes import disputes
from projections.instants import instant
from projections.invoices import invoices
from projections.paging import By, Page, cursor_at, values_at
from projections.payments import payments
from projections.reversals import REFUND, reversals
from projections.subscriptions import subscriptions

EntryType = Literal["dispute", "invoice", "payment", "refund", "subscription"]
ENTRY_TYPES: tuple[EntryType, ...] = get_args(EntryType)

_NEWEST_FIRST = (
    By(column("occurred_at", BigInteger), descending=True, stated=True),
    By(column("type", Text), descending=True, stated=True),
    By(column("id", Text), descending=True, stated=True),
)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened; `amount` in the minor unit of `currency`, as it was agreed.

    `occurred_at` is when it began; `status` is how it stands now. `payment_id` names the payment it
    is about, if it is about one.
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


@dataclass(frozen=True, slots=True)
class _Told:
    """How the rows of one view tell of a customer."""

    id: ColumnElement[str]
    occurred_at: ColumnElement[int]
    rows: Select[Any]


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
    told = {name: _TOLD[name](book, customer_id) for name in sorted(set(types))}
    parts = [
        select(_part(name, each, after, offset + limit + 1).subquery(name))
        for name, each in told.items()
    ]
    if not parts:
        return Page([], 0, None)
    whole = union_all(*parts).subquery("timeline")
    newest = (whole.c.occurred_at.desc(), whole.c.type.desc(), whole.c.id.desc())
    rows = connection.execute(select(whole).order_by(*newest).offset(offset).limit(limit + 1)).all()
    total = sum(_count(connection, book, customer_id, name, each) for name, each in told.items())
    page = [_entry(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(page, total, None)
    last = rows[limit - 1]
    return Page(page, total, cursor_at(_NEWEST_FIRST, (last.occurred_at, last.type, last.id)))


def _part(name: EntryType, told: _Told, after: Sequence[Any] | None, most: int) -> Select[Any]:
    """The rows of one view that come next: no more of them can be on the page."""
    rows = told.rows.add_columns(literal(name, Text).label("type"))
    if after is not None:
        at, type_before, id_before = after
        if name == type_before:
            rows = rows.where(tuple_(told.occurred_at, told.id) < (at, id_before))
        elif name < type_before:
            rows = rows.where(told.occurred_at <= at)
        else:
            rows = rows.where(told.occurred_at < at)
    return rows.order_by(told.occurred_at.desc(), told.id.desc()).limit(most)


def _count(
    connection: Connection, book: str, customer_id: str, name: EntryType, told: _Told
) -> int:
    if name == "payment":
        activity = customer_activity.c
        counted = select(activity.payment_count).where(
            activity.book == book, activity.customer_id == customer_id
        )
    else:
        counted = select(func.count()).select_from(told.rows.subquery())
    return int(connection.execute(counted).scalar() or 0)


def _payments(book: str, customer_id: str) -> _Told:
    row = payments.c
    return _Told(
        row.payment_id,
        row.created_at,
        _selected(
            id=row.payment_id,
            occurred_at=row.created_at,
            status=row.status,
            amount=row.amount,
            currency=row.currency,
            description=row.description,
            source=row.source,
            source_id=row.source_id,
            source_description=row.source_description,
            payment_id=row.payment_id,
        ).where(row.book == book, row.customer_id == customer_id, row.created_at.is_not(None)),
    )


def _refunds(book: str, customer_id: str) -> _Told:
    row = reversals.c
    return _Told(
        row.reversal_id,
        row.reversed_at,
        _selected(
            id=row.reversal_id,
            occurred_at=row.reversed_at,
            status=literal("succeeded", Text),
            amount=row.amount,
            currency=row.currency,
            description=row.reason,
            source=row.source,
            source_id=row.source_id,
            payment_id=row.payment_id,
        ).where(row.book == book, row.customer_id == customer_id, row.kind == REFUND),
    )


def _disputes(book: str, customer_id: str) -> _Told:
    # Whose a payment is, may be said after it was disputed: so it is asked of the payment.
    row, paid = disputes.c, payments.c
    mine = and_(paid.book == row.book, paid.payment_id == row.payment_id)
    return _Told(
        row.dispute_id,
        row.opened_at,
        _selected(
            id=row.dispute_id,
            occurred_at=row.opened_at,
            status=row.status,
            amount=row.amount,
            currency=row.currency,
            description=row.reason,
            source=paid.source,
            source_id=paid.source_id,
            source_description=paid.source_description,
            payment_id=row.payment_id,
        )
        .select_from(payments.join(disputes, mine))
        .where(paid.book == book, paid.customer_id == customer_id, row.opened_at.is_not(None)),
    )


def _subscriptions(book: str, customer_id: str) -> _Told:
    row = subscriptions.c
    return _Told(
        row.subscription_id,
        row.created_at,
        _selected(
            id=row.subscription_id,
            occurred_at=row.created_at,
            status=row.status,
            amount=row.amount,
            currency=row.currency,
            description=row.plan_id,
        ).where(row.book == book, row.customer_id == customer_id),
    )


def _invoices(book: str, customer_id: str) -> _Told:
    row = invoices.c
    return _Told(
        row.invoice_id,
        row.created_at,
        _selected(
            id=row.invoice_id,
            occurred_at=row.created_at,
            status=row.status,
            amount=row.amount,
            currency=row.currency,
            description=row.plan_id,
            source=literal("subscription", Text),
            source_id=row.subscription_id,
            payment_id=row.payment_id,
        ).where(row.book == book, row.customer_id == customer_id),
    )


_TOLD = {
    "dispute": _disputes,
    "invoice": _invoices,
    "payment": _payments,
    "refund": _refunds,
    "subscription": _subscriptions,
}

_COLUMNS = (
    "id",
    "occurred_at",
    "status",
    "amount",
    "currency",
    "description",
    "source",
    "source_id",
    "source_description",
    "payment_id",
)


def _selected(**stated: ColumnElement[Any]) -> Select[Any]:
    """The columns of an entry, in the same order for each type; what is not stated is null."""
    nothing = cast(null(), Text)
    return select(*(stated.get(name, nothing).label(name) for name in _COLUMNS))


def _entry(row: Any) -> HistoryEntry:
    return HistoryEntry(
        type=row.type,
        occurred_at=instant(row.occurred_at),
        **{name: getattr(row, name) for name in _COLUMNS if name != "occurred_at"},
    )
