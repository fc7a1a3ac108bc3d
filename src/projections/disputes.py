"""Disputes of payments: open until they are decided, then won or lost.

A dispute is listed by a moment of its own: when it was decided, as it is then that money may be
lost; while it is open, when it was opened.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Unpack

from sqlalchemy import BigInteger, Connection, Select, select

from domain.payment import Payment
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.tables import at_latest, first, key, latest, view
from projections.engine.folding.timestamps import instant
from projections.engine.querying.candidates import among, candidates, counted_up_to_few
from projections.engine.querying.conditions import between, equal_to, same
from projections.engine.querying.pages import By, Page, PageArguments, every_row, fetch_page
from projections.engine.querying.records import record_from
from projections.payment_facts import NoMoneyMoved
from projections.payments import payments

DisputeStatus = Literal["open", "won", "lost"]

disputes = view(
    "disputes",
    key("dispute_id"),
    first("payment_id"),
    first("amount", BigInteger),
    first("currency"),
    first("reason"),
    first("opened_at", BigInteger),
    latest("state_position"),
    at_latest("status", of="state_position"),
    at_latest("moved_at", of="state_position", kind=BigInteger),
    indexes=[
        ("payment_id", "opened_at", "dispute_id"),
        ("moved_at", "dispute_id"),
        ("status", "moved_at", "dispute_id"),
    ],
)

Disputed = Payment.DisputeOpened | Payment.DisputeWon | Payment.DisputeLost

_NEWEST_FIRST = (
    By(disputes.c.moved_at, descending=True, stated=True),
    By(disputes.c.dispute_id, descending=True),
)


@ignoring(
    *(NoMoneyMoved, Payment.Created, Payment.MethodSelected, Payment.CustomerAttached),
    *(Payment.Succeeded, Payment.Failed, Payment.Retried, Payment.Refunded),
)
def fold(recorded: Recorded[Disputed], changes: Changes) -> None:
    fact, position = recorded.fact, recorded.position
    rows, key, at = changes.of(disputes), (fact.dispute_id,), recorded.at
    match fact:
        case Payment.DisputeOpened():
            rows.merge(
                key,
                payment_id=fact.originator_id,
                amount=fact.disputed_amount,
                currency=fact.currency,
                reason=fact.reason,
                opened_at=at,
                state_position=position,
                status="open",
                moved_at=at,
            )
        case Payment.DisputeWon():
            rows.merge(key, state_position=position, status="won", moved_at=at)
        case Payment.DisputeLost():
            rows.merge(key, state_position=position, status="lost", moved_at=at)


@dataclass(frozen=True, slots=True)
class DisputeFilter:
    """What the disputes asked for have in common; None does not ask. `start` ≤ moment < `end`."""

    status: DisputeStatus | None = None
    payment_id: str | None = None
    customer_id: str | None = None
    currency: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute, in the minor unit of `currency`; of `amount` is lost what it was decided about."""

    dispute_id: str
    payment_id: str
    customer_id: str | None
    amount: int
    currency: str
    status: str
    reason: str | None
    opened_at: datetime
    moved_at: datetime

    @property
    def decided_at(self) -> datetime | None:
        return None if self.status == "open" else self.moved_at

    @property
    def disputed_amount(self) -> int:
        return self.amount if self.status == "lost" else 0


def dispute_list(
    connection: Connection,
    book: str,
    filters: DisputeFilter,
    **page: Unpack[PageArguments],
) -> Page[Dispute]:
    """The disputes that fit, by their own moment, the latest first. Raises BadCursor."""
    fitting = _fitting(connection, book, filters)
    listed = fetch_page(connection, fitting, _NEWEST_FIRST, **page).of(_dispute)
    return counted_up_to_few(connection, fitting, listed, **page)


def dispute_export(connection: Connection, book: str, filters: DisputeFilter) -> Iterator[Dispute]:
    """All disputes that fit, in the order of the list, read some hundreds at a time."""
    return map(_dispute, every_row(connection, _fitting(connection, book, filters), _NEWEST_FIRST))


def _fitting(connection: Connection, book: str, filters: DisputeFilter) -> Select[Any]:
    # Whose a payment is, may be said after it was disputed: so it is asked of the payment.
    of_payment = same(disputes, payments, "payment_id")
    column, paid = disputes.c, payments.c
    found = [column.book == book, column.opened_at.is_not(None)]
    found += between(column.moved_at, filters.start, filters.end)
    found += equal_to(disputes, filters, "status", "payment_id", "currency")
    fitting = select(disputes, paid.customer_id).where(*found)
    fitting = fitting.select_from(disputes.outerjoin(payments, of_payment))
    if filters.customer_id is None:
        return fitting
    theirs = select(column.dispute_id).select_from(payments.join(disputes, of_payment))
    theirs = theirs.where(paid.book == book, paid.customer_id == filters.customer_id)
    known = candidates(connection, [theirs])
    if known is not None and known.complete:
        return fitting.where(among(connection, column.dispute_id, known.ids))
    return fitting.where(paid.customer_id == filters.customer_id)


def _dispute(row: Any) -> Dispute:
    moments = {"opened_at": instant(row.opened_at), "moved_at": instant(row.moved_at)}
    return record_from(row, Dispute, **moments)
