"""Timeline sources: the rows of each view that tell of a customer, in the same columns."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self, get_args

from sqlalchemy import ColumnElement, Select, Text, case, cast, literal, null, select

from projections.disputes import disputes
from projections.engine.querying.conditions import between, same
from projections.invoices import invoices
from projections.payments import payments
from projections.refunds_and_disputes import REFUND, refunds_and_disputes
from projections.subscriptions import subscriptions

EntryType = Literal["dispute", "invoice", "message", "payment", "refund", "subscription"]
ENTRY_TYPES: tuple[EntryType, ...] = get_args(EntryType)


@dataclass(frozen=True, slots=True)
class TimelineSource:
    """How the rows of one view tell of a customer; ``is_cut``: of a part of the time."""

    id: ColumnElement[str]
    occurred_at: ColumnElement[int]
    rows: Select[Any]
    is_cut: bool = False

    def within(self, start: datetime | None, end: datetime | None) -> Self:
        if start is None and end is None:
            return self
        rows = self.rows.where(*between(self.occurred_at, start, end))
        return replace(self, rows=rows, is_cut=True)


def _payments(book: str, customer_id: str) -> TimelineSource:
    row = payments.c
    paid = case((row.succeeded_at.is_not(None), row.captured_amount), else_=row.amount)
    return TimelineSource(
        row.payment_id,
        row.created_at,
        _selected(
            id=row.payment_id,
            occurred_at=row.created_at,
            status=row.status,
            amount=paid,
            currency=row.currency,
            description=row.description,
            source=row.source,
            source_id=row.source_id,
            source_description=row.source_description,
            payment_id=row.payment_id,
        ).where(row.book == book, row.customer_id == customer_id, row.created_at.is_not(None)),
    )


def _refunds(book: str, customer_id: str) -> TimelineSource:
    row = refunds_and_disputes.c
    return TimelineSource(
        row.id,
        row.happened_at,
        _selected(
            id=row.id,
            occurred_at=row.happened_at,
            status=literal("succeeded", Text),
            amount=row.amount,
            currency=row.currency,
            description=row.reason,
            source=row.source,
            source_id=row.source_id,
            payment_id=row.payment_id,
        ).where(row.book == book, row.customer_id == customer_id, row.kind == REFUND),
    )


def _disputes(book: str, customer_id: str) -> TimelineSource:
    # Whose a payment is, may be said after it was disputed: so it is asked of the payment.
    row, paid = disputes.c, payments.c
    mine = same(payments, disputes, "payment_id")
    return TimelineSource(
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


def _subscriptions(book: str, customer_id: str) -> TimelineSource:
    row = subscriptions.c
    return TimelineSource(
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


def _invoices(book: str, customer_id: str) -> TimelineSource:
    row = invoices.c
    return TimelineSource(
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


TIMELINE_SOURCES: dict[EntryType, Callable[[str, str], TimelineSource]] = {
    "dispute": _disputes,
    "invoice": _invoices,
    "payment": _payments,
    "refund": _refunds,
    "subscription": _subscriptions,
}

COLUMNS = (
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
    return select(*(stated.get(name, nothing).label(name) for name in COLUMNS))
