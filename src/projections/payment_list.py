"""Payment list: the payments that fit a filter, newest first, of a book or of one customer.

By creation, or by success where that is asked for: each comes off an index of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Unpack

from sqlalchemy import ColumnElement, Connection, Select, literal, or_, select

from projections.book_totals import payment_total
from projections.customer_totals import customer_activity
from projections.customers import customers
from projections.engine.folding.searchable_text import searchable
from projections.engine.querying.candidates import among, candidates, counted_up_to_few
from projections.engine.querying.conditions import between, equal_to, same
from projections.engine.querying.pages import (
    By,
    Page,
    PageArguments,
    every_row,
    fetch_page,
)
from projections.movement_totals import created_count
from projections.payment_names import ids_named
from projections.payments import PaymentRecord, note_of, payment_notes, payment_of, payments

NEWEST_FIRST = (
    By(payments.c.created_at, descending=True, stated=True),
    By(payments.c.payment_id, descending=True),
)
LATEST_SUCCESS_FIRST = (
    By(payments.c.succeeded_at, descending=True, stated=True),
    By(payments.c.payment_id, descending=True),
)

# Of what succeeded: the first payment of a customer, one of their further ones, or nobody's.
Payer = Literal["new", "returning", "guest"]

# With an index in the order of creation, which leads to the few of a list by success.
_OF_AN_INDEX = ("status", "source_id")
_SAME = (*_OF_AN_INDEX, "customer_id", "provider", "method", "currency", "country", "source")


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What the payments asked for have in common; None does not ask.

    Amounts are inclusive, in minor units; `start` ≤ created_at < `end`, and `succeeded_from` ≤
    succeeded_at < `succeeded_to`. `search` is a part of the id, reference, description or source
    description, whatever the case, or what `named` may be: a whole id, reference, reference of the
    provider, or receipt number. `metadata` asks for text values by name. `payer` asks for what
    succeeded and is one of these in new_and_returning.
    """

    status: str | None = None
    customer_id: str | None = None
    provider: str | None = None
    method: str | None = None
    currency: str | None = None
    country: str | None = None
    source: str | None = None
    source_id: str | None = None
    payer: Payer | None = None
    search: str | None = None
    named: str | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    start: datetime | None = None
    end: datetime | None = None
    succeeded_from: datetime | None = None
    succeeded_to: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_success(self) -> bool:
        return self.succeeded_from is not None or self.succeeded_to is not None

    @property
    def order(self) -> tuple[By, ...]:
        return LATEST_SUCCESS_FIRST if self.by_success else NEWEST_FIRST


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
    """Payments newest first by (created_at, id), or by (succeeded_at, id). Raises BadCursor.

    The total is true up to candidates.FEW, and wherever it is kept (see `_kept_total`).
    """
    fitting = _fitting(connection, book, filters)
    listed = fetch_page(connection, _listed(fitting), filters.order, **page).of(_row)
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
    """All payments that fit, in the order of the list, read some hundreds at a time."""
    listed = _listed(_fitting(connection, book, filters))
    return map(_row, every_row(connection, listed, filters.order))


def conditions(book: str, filters: PaymentFilter) -> list[ColumnElement[bool]]:
    """What a row of `payments` must be, to be one of those asked for."""
    column = payments.c
    # In the past a payment may have succeeded and not been created yet: it is in no list.
    found = [column.book == book, *between(column.created_at, filters.start, filters.end)]
    if filters.by_success:
        found += between(column.succeeded_at, filters.succeeded_from, filters.succeeded_to)
    found += equal_to(payments, filters, *_SAME)
    if filters.amount_min is not None:
        found.append(column.amount >= filters.amount_min)
    if filters.amount_max is not None:
        found.append(column.amount <= filters.amount_max)
    if filters.search:
        found.append(_tells(book, filters.search))
    if filters.named:
        found.append(payments.c.payment_id.in_(ids_named(book, filters.named)))
    found += [_noted(book, name, value) for name, value in filters.metadata.items()]
    if filters.payer is not None:
        found += [column.succeeded_at.is_not(None), _paid_by(book, filters.payer)]
    return found


def _paid_by(book: str, payer: Payer) -> ColumnElement[bool]:
    column, activity = payments.c, customer_activity.c
    if payer == "guest":
        return column.customer_id.is_(None)
    # Looked up for each payment: as a set of them, all customers are read for one page.
    first = (
        select(activity.first_payment_id)
        .where(activity.book == book, activity.customer_id == column.customer_id)
        .scalar_subquery()
    )
    return column.payment_id == first if payer == "new" else column.payment_id != first


def _tells(book: str, asked: str) -> ColumnElement[bool]:
    told = payments.c.search.contains(searchable(asked), autoescape=True)
    return or_(told, payments.c.payment_id.in_(ids_named(book, asked)))


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
    """The ids of the payments asked for; the few that carry a note, say, are found through it."""
    fitting = select(payments.c.payment_id).where(*conditions(book, filters))
    noted = payment_notes.c
    index_paths = [
        select(noted.payment_id).where(noted.book == book, noted.note == note_of(*each))
        for each in filters.metadata.items()
    ]
    if filters.named:
        index_paths.append(ids_named(book, filters.named))
    if filters.payer == "guest":
        of_nobody = (payments.c.book == book, payments.c.customer_id.is_(None))
        index_paths.append(select(payments.c.payment_id).where(*of_nobody))
    if filters.payer == "new":
        index_paths.append(_firsts(book, filters))
    if filters.by_success:
        index_paths += [
            select(payments.c.payment_id).where(payments.c.book == book, *asked)
            for asked in _paths_by_creation(filters)
        ]
    found = candidates(connection, index_paths)
    if found is None or not found.complete:
        return fitting
    return fitting.where(among(connection, payments.c.payment_id, found.ids))


def _firsts(book: str, filters: PaymentFilter) -> Select[Any]:
    """The first payment of each customer, which are few where few customers pay often."""
    column = customer_activity.c
    asked = [*between(column.first_payment_at, filters.succeeded_from, filters.succeeded_to)]
    if filters.currency is not None:
        asked.append(column.first_currency == filters.currency)
    return select(column.first_payment_id).where(column.book == book, *asked)


def _paths_by_creation(filters: PaymentFilter) -> Iterator[list[ColumnElement[bool]]]:
    for asked in equal_to(payments, filters, *_OF_AN_INDEX):
        yield [asked]
    if filters.start is not None or filters.end is not None:
        yield [*between(payments.c.created_at, filters.start, filters.end)]


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
