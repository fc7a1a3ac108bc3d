"""Payment movements: what happened to payments between two instants, exactly.

The rollups answer for whole days and quarter hours; this reads the rows themselves, for the rest.
Nothing is stored here: a payment is created and succeeds once, each failure, refund and lost
dispute has a row of its own.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from projections.engine.querying.conditions import between, equal_to, same
from projections.failed_attempts import failed_attempts
from projections.payments import payments
from projections.refunds_and_disputes import LOST_DISPUTE, REFUND, refunds_and_disputes

MovementKey = Literal["currency", "source", "source_id", "method", "provider", "payer"]

# What is counted and added up; amounts in minor units.
MEASURES = (
    "created",
    "succeeded",
    "failed",
    "amount",
    "refund_count",
    "refunded_amount",
    "disputed_amount",
    # Of what succeeded, that of customers who are known.
    "customer_payments",
    "customer_amount",
)


@dataclass(frozen=True, slots=True)
class Moved:
    """Counts and amounts of what happened: `failed` attempts, however the payment ended."""

    created: int = 0
    succeeded: int = 0
    failed: int = 0
    amount: int = 0
    refund_count: int = 0
    refunded_amount: int = 0
    disputed_amount: int = 0
    customer_payments: int = 0
    customer_amount: int = 0

    @property
    def net_amount(self) -> int:
        return self.amount - self.refunded_amount - self.disputed_amount

    @property
    def success_rate(self) -> float:
        """What succeeded of all that was decided, 0 when nothing was."""
        decided = self.succeeded + self.failed
        return self.succeeded / decided if decided else 0.0

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(*(getattr(self, name) + getattr(other, name) for name in MEASURES))


# Payments once more, by when they succeeded.
_paid = payments.alias("paid")

_ONE: ColumnElement[int] = literal(1, BigInteger)
_ZERO: ColumnElement[int] = literal(0, BigInteger)


@dataclass(frozen=True, slots=True)
class MovementFilter:
    """What the payments concerned have in common; None does not ask. `status` is the one now."""

    currency: str | None = None
    source: str | None = None
    method: str | None = None
    provider: str | None = None
    country: str | None = None
    status: str | None = None
    customer_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Kind:
    """Rows of a table, each of which is one movement at the time in column `moment`."""

    table: FromClause
    moment: str
    measures: Mapping[str, ColumnElement[int]]
    provider: str = "provider"


def payment_movements(
    book: str,
    filters: MovementFilter,
    start: datetime | None,
    end: datetime | None,
    *,
    by: Collection[MovementKey],
) -> Subquery:
    """One row for each thing that happened at `start` ≤ t < `end`.

    Columns: those of `by` (payer: the customer of what succeeded), moved_at, and MEASURES: 1 or 0,
    and amounts. What was created counts under the provider named then, if any was.
    """
    rows = (_rows(kind, book, filters, start, end, by) for kind in _kinds())
    return union_all(*rows).subquery()


def sums(column: Any) -> list[ColumnElement[int]]:
    """The sum of each of MEASURES, whole numbers on both databases."""
    return [
        cast(func.coalesce(func.sum(column[name]), 0), BigInteger).label(name) for name in MEASURES
    ]


def moved_of(row: Any) -> Moved:
    """What the sums of a row come to."""
    return Moved(*(getattr(row, name) for name in MEASURES))


def _kinds() -> Iterator[_Kind]:
    yield _Kind(payments, "created_at", {"created": _ONE}, provider="first_provider")
    paid = _paid.c.captured_amount
    yield _Kind(
        _paid,
        "succeeded_at",
        {
            "succeeded": _ONE,
            "amount": paid,
            "customer_payments": _of_a_customer(_ONE),
            "customer_amount": _of_a_customer(paid),
        },
    )
    yield _Kind(failed_attempts, "failed_at", {"failed": _ONE})
    yield _Kind(
        refunds_and_disputes,
        "happened_at",
        {
            "refund_count": _of_kind(REFUND, _ONE),
            "refunded_amount": _of_kind(REFUND, refunds_and_disputes.c.amount),
            "disputed_amount": _of_kind(LOST_DISPUTE, refunds_and_disputes.c.amount),
        },
    )


def _of_a_customer(measure: ColumnElement[int]) -> ColumnElement[int]:
    return case((_paid.c.customer_id.is_not(None), measure), else_=_ZERO)


def _of_kind(kind: str, measure: ColumnElement[int]) -> ColumnElement[int]:
    return case((refunds_and_disputes.c.kind == kind, measure), else_=_ZERO)


def _rows(
    kind: _Kind,
    book: str,
    filters: MovementFilter,
    start: datetime | None,
    end: datetime | None,
    by: Collection[MovementKey],
) -> Select[Any]:
    column, moment = kind.table.c, kind.table.c[kind.moment]
    provider = column[kind.provider]
    payer = column.customer_id if "succeeded" in kind.measures else cast(null(), Text)
    found = [column.book == book, *between(moment, start, end)]
    found += equal_to(kind.table, filters, "currency", "source", "method", "country")
    if filters.provider is not None:
        found.append(provider == filters.provider)
    found += _of_payment(kind.table, filters)
    named: dict[str, ColumnElement[Any]] = {"provider": provider, "payer": payer}
    return select(
        *((named[name] if name in named else column[name]).label(name) for name in by),
        moment.label("moved_at"),
        *(kind.measures.get(name, _ZERO).label(name) for name in MEASURES),
    ).where(*found)


def _of_payment(table: FromClause, filters: MovementFilter) -> list[ColumnElement[bool]]:
    """What is asked of the payment itself, which other rows do not repeat."""
    is_payment = table in (payments, _paid)
    of = table if is_payment else payments.alias()
    asked = list(equal_to(of, filters, "status", "customer_id"))
    if is_payment or not asked:
        return asked
    return [select(_ONE).where(same(of, table, "payment_id"), *asked).exists()]
