"""Payment list: the payments that fit a filter, newest first, of a book or of one customer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import ColumnElement, Connection, Select, literal, select

from projections.book_totals import payment_total
from projections.customer_totals import customer_activity
from projections.customers import customers
from projections.engine.folding.searchable_text import searchable
from projections.engine.querying.candidates import among, candidates, counted_up_to_few
from projections.engine.querying.conditions import between, equal_to, same
from projections.engine.querying.pages import By, Page, PageArguments, fetch_page
from projections.payment_mix import created_count
from projections.payments import PaymentRecord, note_of, payment_notes, payment_of, payments

EXPORT_STEP = 500

NEWEST_FIRST = (
    By(payments.c.created_at, descending=True, stated=True),
    By(payments.c.payment_id, descending=True),
)

_SAME = (
    *("status", "customer_id", "provider", "method"),
    *("currency", "country", "source", "source_id"),
)


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What the payments asked for have in common; None does not ask.

    Amounts are inclusive, in minor units; `start` ≤ created_at < `end`. `search` is a part of the
    id, reference, description or source description, whatever the case. `metadata` asks for text
    values by name.
    """

    status: str | None = None
    customer_id: str | None = None
    provider: str | None = None
    method: str | None = None
    currency: str | None = None
    country: str | None = None
    source: str | None = None
    source_id: str | None = None
    search: str | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListedPayment:
    """A payment, and the name of its customer unless that one is deleted."""

    payment: PaymentRecord
    customer_name: str | None


def payment_list(
    connection: Connection,
    book: str,
    filters: PaymentFilter,
    **page: Unpack[PageArguments],
) -> Page[ListedPayment]:
    """Payments newest first by (created_at, id). Raises BadCursor.

    The total is true up to candidates.FEW, and wherever it is kept (see `_kept_total`).
    """
    fitting = _fitting(connection, book, filters)
    listed = fetch_page(connection, _listed(fitting), NEWEST_FIRST, **page).of(_row)
    total = _kept_total(connection, book, filters)
    if total is not None:
        return replace(listed, total=total)
    return counted_up_to_few(connection, fitting, listed, **page)


def payment_history(
    connection: Connection,
    book: str,
    customer_id: str,
    **page: Unpack[PageArguments],
) -> Page[ListedPayment]:
    """The payments of one customer, newest first. An unknown customer has none."""
    return payment_list(connection, book, PaymentFilter(customer_id=customer_id), **page)


def payment_export(
    connection: Connection, book: str, filters: PaymentFilter
) -> Iterator[ListedPayment]:
    """All payments that fit, newest first, read some hundreds at a time."""
    listed, cursor = _listed(_fitting(connection, book, filters)), None
    while True:
        step = fetch_page(connection, listed, NEWEST_FIRST, limit=EXPORT_STEP, cursor=cursor)
        yield from map(_row, step.rows)
        if step.next_cursor is None:
            return
        cursor = step.next_cursor


def conditions(book: str, filters: PaymentFilter) -> list[ColumnElement[bool]]:
    """What a row of `payments` must be, to be one of those asked for."""
    column = payments.c
    # In the past a payment may have succeeded and not been created yet: it is in no list.
    found = [column.book == book, *between(column.created_at, filters.start, filters.end)]
    found += equal_to(payments, filters, *_SAME)
    if filters.amount_min is not None:
        found.append(column.amount >= filters.amount_min)
    if filters.amount_max is not None:
        found.append(column.amount <= filters.amount_max)
    if filters.search:
        found.append(column.search.contains(searchable(filters.search), autoescape=True))
    found += [_noted(book, name, value) for name, value in filters.metadata.items()]
    return found


def _noted(book: str, name: str, value: str) -> ColumnElement[bool]:
    notes = payment_notes.alias()
    return (
        select(literal(1))
        .where(
            notes.c.book == book,
            notes.c.payment_id == payments.c.payment_id,
            notes.c.note == note_of(name, value),
            notes.c.metadata_position == payments.c.metadata_position,
        )
        .exists()
    )


def _fitting(connection: Connection, book: str, filters: PaymentFilter) -> Select[Any]:
    """The ids of the payments asked for; those few that carry a note are found through it."""
    fitting = select(payments.c.payment_id).where(*conditions(book, filters))
    noted = payment_notes.c
    index_paths = [
        select(noted.payment_id).where(noted.book == book, noted.note == note_of(*each))
        for each in filters.metadata.items()
    ]
    found = candidates(connection, index_paths)
    if found is None or not found.complete:
        return fitting
    return fitting.where(among(connection, payments.c.payment_id, found.ids))


def _listed(fitting: Select[Any]) -> Select[Any]:
    named = same(customers, payments, "customer_id") & customers.c.deleted_at.is_(None)
    whole = fitting.with_only_columns(payments, customers.c.name.label("customer_name"))
    return whole.select_from(payments.outerjoin(customers, named))


def _kept_total(connection: Connection, book: str, filters: PaymentFilter) -> int | None:
    """What never changes of a payment is counted already, and so is each customer's history."""
    if filters == PaymentFilter():
        return payment_total(connection, book)
    mixed = {name: getattr(filters, name) for name in ("currency", "source", "method", "country")}
    if filters == PaymentFilter(**mixed) and "" not in mixed.values():
        return created_count(connection, book, mixed)
    if filters == PaymentFilter(customer_id=filters.customer_id):
        activity = customer_activity.c
        kept = select(activity.payment_count).where(
            activity.book == book, activity.customer_id == filters.customer_id
        )
        return int(connection.execute(kept).scalar() or 0)
    return None


def _row(row: Any) -> ListedPayment:
    return ListedPayment(payment_of(row), row.customer_name)
