"""Book totals: what a book took and gave back in each currency, and its main currency."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, select

from domain.payment import Payment
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.tables import earliest, key, latest, total, view
from projections.engine.folding.timestamps import instant_or_none
from projections.engine.querying.records import record_from
from projections.payment_facts import Uncounted


def currency_figures() -> tuple[Column[Any], ...]:
    """What is counted and added up in one currency, of a book or of one customer."""
    return (
        total("payment_count"),
        total("successful_payments"),
        total("failed_payments"),
        total("total_spent"),
        total("refund_count"),
        total("refund_amount"),
        total("disputed_amount"),
        earliest("first_payment_at"),
        latest("last_payment_at"),
        latest("last_created_at"),
    )


book_totals = view("book_totals", key("currency"), *currency_figures())


Counted = (
    Payment.Created
    | Payment.Succeeded
    | Payment.Failed
    | Payment.Retried
    | Payment.Refunded
    | Payment.DisputeLost
)


@ignoring(Uncounted, Payment.CustomerAttached, Payment.MethodSelected)
def fold(recorded: Recorded[Counted], changes: Changes) -> None:
    fact, at = recorded.fact, recorded.at
    totals, key = changes.of(book_totals), (fact.currency,)
    match fact:
        case Payment.Created():
            totals.merge(key, payment_count=1, last_created_at=at)
        case Payment.Succeeded():
            totals.merge(
                key,
                successful_payments=1,
                failed_payments=-was_failed(fact),
                total_spent=fact.captured_amount,
                first_payment_at=at,
                last_payment_at=at,
            )
        case Payment.Failed():
            totals.merge(key, failed_payments=1)
        case Payment.Retried():
            totals.merge(key, failed_payments=-1)
        case Payment.Refunded():
            totals.merge(key, refund_count=1, refund_amount=fact.refund_amount)
        case Payment.DisputeLost():
            totals.merge(key, disputed_amount=fact.disputed_amount)


def was_failed(fact: Payment.Succeeded) -> int:
    """1 for a payment that was taken for failed until its money came, else 0."""
    return int(fact.previous_status == "failed")


@dataclass(frozen=True, slots=True)
class CurrencyTotals:
    """Figures in one currency, amounts in its minor unit.

    `payment_count` are payments created, `failed_payments` those that are failed now.
    """

    currency: str
    payment_count: int
    successful_payments: int
    failed_payments: int
    total_spent: int
    refund_count: int
    refund_amount: int
    disputed_amount: int
    first_payment_at: datetime | None
    last_payment_at: datetime | None

    @property
    def total_refunds(self) -> int:
        return self.refund_count

    @property
    def lifetime_value(self) -> int:
        return self.total_spent - self.refund_amount - self.disputed_amount

    @property
    def avg_payment_amount(self) -> int:
        return divided(self.total_spent, self.successful_payments)


def totals_by_currency(connection: Connection, book: str) -> list[CurrencyTotals]:
    """The totals of a book, the most used currency first (see `most_used_currency`)."""
    rows = connection.execute(select(book_totals).where(book_totals.c.book == book)).all()
    return [totals_of(row) for row in sorted(rows, key=lambda row: (_use(row), row.currency))]


def most_used_currency(connection: Connection, book: str) -> str | None:
    """The currency with most successful payments; ties: where the latest of them was.

    Before any success: the one with most payments created, ties: the latest; None without any.
    """
    totals = totals_by_currency(connection, book)
    return totals[0].currency if totals else None


def payment_total(connection: Connection, book: str) -> int:
    """How many payments were ever created in a book."""
    counts = select(book_totals.c.payment_count).where(book_totals.c.book == book)
    return sum(connection.execute(counts).scalars())


def totals_of(row: Any) -> CurrencyTotals:
    return record_from(
        row,
        CurrencyTotals,
        first_payment_at=instant_or_none(row.first_payment_at),
        last_payment_at=instant_or_none(row.last_payment_at),
    )


def divided(amount: int, count: int) -> int:
    """`amount` ÷ `count` in whole minor units, rounded half to even; 0 when there is no count."""
    if count == 0:
        return 0
    whole, rest = divmod(amount, count)
    if 2 * rest > count or (2 * rest == count and whole % 2 == 1):
        return whole + 1
    return whole


_NEVER = -(2**63)


def _use(row: Any) -> tuple[int, int, int, int]:
    def at(value: int | None) -> int:
        return _NEVER if value is None else value

    return (
        -row.successful_payments,
        -at(row.last_payment_at),
        -row.payment_count,
        -at(row.last_created_at),
    )
