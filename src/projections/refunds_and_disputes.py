"""Refunds and lost disputes: money that went back.

Together with the moment at which each payment succeeded these are all movements of money, so any
range of time can be told exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import BigInteger, Connection, Select, func, select

from domain.payment import Payment
from projections.book_totals import book_totals
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.tables import first, key, last, view
from projections.engine.folding.timestamps import instant
from projections.engine.querying.candidates import counted_up_to_few
from projections.engine.querying.conditions import between, equal_to
from projections.engine.querying.pages import By, Page, PageArguments, every_row, fetch_page
from projections.engine.querying.records import record_from
from projections.payment_facts import Uncounted

REFUND = "refund"
LOST_DISPUTE = "lost_dispute"

refunds_and_disputes = view(
    "refunds_and_disputes",
    key("id"),
    first("kind"),
    first("payment_id"),
    last("customer_id"),
    first("amount", BigInteger),
    first("currency"),
    first("source"),
    first("source_id"),
    first("method"),
    first("provider"),
    first("country"),
    first("reason"),
    first("provider_refund_id"),
    first("happened_at", BigInteger),
    first("position", BigInteger),
    indexes=[
        ("kind", "happened_at", "id"),
        ("payment_id", "happened_at", "id"),
        ("happened_at", "currency", "customer_id"),
        ("customer_id", "happened_at", "id"),
    ],
)


_NEWEST_FIRST = (
    By(refunds_and_disputes.c.happened_at, descending=True, stated=True),
    By(refunds_and_disputes.c.id, descending=True),
)

GivenBack = Payment.Refunded | Payment.DisputeLost | Payment.CustomerAttached


@ignoring(
    *(Uncounted, Payment.Created, Payment.MethodSelected),
    *(Payment.Succeeded, Payment.Failed, Payment.Retried),
)
def fold(recorded: Recorded[GivenBack], changes: Changes) -> None:
    fact, at = recorded.fact, recorded.at
    match fact:
        case Payment.Refunded():
            _given_back(
                changes,
                fact,
                fact.refund_id,
                happened_at=at,
                position=recorded.position,
                kind=REFUND,
                amount=fact.refund_amount,
                reason=fact.reason,
                provider_refund_id=fact.provider_refund_id,
            )
        case Payment.DisputeLost():
            _given_back(
                changes,
                fact,
                fact.dispute_id,
                happened_at=at,
                position=recorded.position,
                kind=LOST_DISPUTE,
                amount=fact.disputed_amount,
            )
        case Payment.CustomerAttached():
            for movement in (*fact.refunds, *fact.disputes_lost):
                changes.of(refunds_and_disputes).merge(
                    (movement["id"],), customer_id=fact.customer_id
                )


def _given_back(changes: Changes, fact: Payment.Event, moved_id: str, **values: Any) -> None:
    changes.of(refunds_and_disputes).merge(
        (moved_id,),
        payment_id=fact.originator_id,
        customer_id=fact.customer_id,
        currency=fact.currency,
        source=fact.source,
        source_id=fact.source_id,
        method=fact.method,
        provider=fact.provider,
        country=fact.country,
        **values,
    )


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back, in the minor unit of `currency`. Recorded once it has happened."""

    refund_id: str
    payment_id: str
    customer_id: str | None
    amount: int
    currency: str
    reason: str | None
    provider_refund_id: str | None
    created_at: datetime


def refund(connection: Connection, book: str, refund_id: str) -> Refund | None:
    """One refund by id, None when there is none."""
    column = refunds_and_disputes.c
    row = connection.execute(
        select(refunds_and_disputes).where(
            column.book == book, column.id == refund_id, column.kind == REFUND
        )
    ).first()
    return None if row is None else _refund(row)


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """What the refunds asked for have in common; None does not ask. `start` ≤ moment < `end`."""

    payment_id: str | None = None
    customer_id: str | None = None
    currency: str | None = None
    start: datetime | None = None
    end: datetime | None = None


def refund_list(
    connection: Connection,
    book: str,
    filters: RefundFilter,
    **page: Unpack[PageArguments],
) -> Page[Refund]:
    """The refunds that fit, newest first. The total is true up to candidates.FEW, of all exact."""
    fitting = _fitting(book, filters)
    listed = fetch_page(connection, fitting, _NEWEST_FIRST, **page).of(_refund)
    if filters == RefundFilter():
        counted = select(func.sum(book_totals.c.refund_count)).where(book_totals.c.book == book)
        return replace(listed, total=int(connection.execute(counted).scalar() or 0))
    return counted_up_to_few(connection, fitting, listed, **page)


def refund_export(connection: Connection, book: str, filters: RefundFilter) -> Iterator[Refund]:
    """All refunds that fit, in the order of the list, read some hundreds at a time."""
    return map(_refund, every_row(connection, _fitting(book, filters), _NEWEST_FIRST))


def _fitting(book: str, filters: RefundFilter) -> Select[Any]:
    column = refunds_and_disputes.c
    return select(refunds_and_disputes).where(
        column.book == book,
        column.kind == REFUND,
        *between(column.happened_at, filters.start, filters.end),
        *equal_to(refunds_and_disputes, filters, "payment_id", "customer_id", "currency"),
    )


def _refund(row: Any) -> Refund:
    return record_from(row, Refund, refund_id=row.id, created_at=instant(row.happened_at))
