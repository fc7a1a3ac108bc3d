"""Source figures: sums by source, over all time from the rollups.

Within a range, and of the past, of which no rollup is kept, they are read from the movements.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Subquery,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
)

from projections.engine.querying.conditions import same
from projections.payment_movements import MovementFilter, MovementKey, payment_movements
from projections.payments import payments
from projections.source_totals import customer_sources, source_totals

_SUMS = ("created", "succeeded", "amount", "refunded_amount", "disputed_amount")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose payments, in what currency, when."""

    book: str
    customer_id: str | None
    currency: str
    start: datetime | None
    end: datetime | None
    is_past: bool = False

    @property
    def is_rolled_up(self) -> bool:
        return self.start is None and self.end is None and not self.is_past


def source_figures(scope: Scope, *, by_id: bool, source: str | None = None) -> Subquery:
    """One row for each source, or source_id, with a payment: the figures without the shares.

    `source`: of this one alone.
    """
    if not scope.is_rolled_up:
        return _in_a_range(scope, source, by_id=by_id)
    if by_id:
        return _each_id(scope, source)
    return _each_source(scope, source)


def description(connection: Connection, scope: Scope, source: str, source_id: str) -> str | None:
    """How a source was called when a payment was created by it last, of payments themselves."""
    row = payments.c
    found = [row.book == scope.book, row.currency == scope.currency, row.source == source]
    found.append(row.source_id == source_id if source_id else row.source_id.is_(None))
    if scope.customer_id is not None:
        found.append(row.customer_id == scope.customer_id)
    latest = (
        select(row.source_description)
        .where(*found, row.created_at.is_not(None))
        .order_by(row.created_at.desc(), row.created_position.desc())
        .limit(1)
    )
    return connection.execute(latest).scalar()


def _each_id(scope: Scope, source: str | None) -> Subquery:
    """The rollups as they are: a page of them comes off an index, and nothing is added up."""
    table, conditions = _rollup(scope, source)
    column = table.c
    return (
        select(
            column.source,
            column.source_id,
            column.source_description,
            *(column[name] for name in _SUMS),
            _customers(scope, by_id=True, paid=column.succeeded).label("customers"),
            column.first_payment_at,
            column.last_payment_at,
        )
        .where(*conditions)
        .subquery()
    )


def _each_source(scope: Scope, source: str | None) -> Subquery:
    table, conditions = _rollup(scope, source)
    column = table.c
    paid = func.sum(column.succeeded)
    return (
        select(
            column.source,
            cast(literal(""), Text).label("source_id"),
            cast(null(), Text).label("source_description"),
            *(cast(func.sum(column[name]), BigInteger).label(name) for name in _SUMS),
            _customers(scope, by_id=False, paid=paid).label("customers"),
            func.min(column.first_payment_at).label("first_payment_at"),
            func.max(column.last_payment_at).label("last_payment_at"),
        )
        .where(*conditions)
        .group_by(column.book, column.currency, column.source)
        .subquery()
    )


def _rollup(scope: Scope, source: str | None) -> tuple[Table, list[ColumnElement[bool]]]:
    table = source_totals if scope.customer_id is None else customer_sources
    conditions = [table.c.book == scope.book, table.c.currency == scope.currency]
    if scope.customer_id is not None:
        conditions.append(table.c.customer_id == scope.customer_id)
    if source is not None:
        conditions.append(table.c.source == source)
    return table, conditions


def _customers(scope: Scope, *, by_id: bool, paid: ColumnElement[int]) -> ColumnElement[int]:
    if scope.customer_id is not None:
        return case((paid > 0, 1), else_=0)
    return _payers(source_totals, by_id=by_id)


def _payers(table: Table, *, by_id: bool) -> ColumnElement[int]:
    """How many customers paid by the source of a row of `table`."""
    paying = customer_sources.alias()
    names = ("currency", "source", "source_id") if by_id else ("currency", "source")
    # By source_id each of them has one row; by source alone, one for each source_id.
    count = func.count() if by_id else func.count(paying.c.customer_id.distinct())
    paid = select(count).where(same(paying, table, *names), paying.c.succeeded > 0)
    found: ColumnElement[int] = paid.correlate(table).scalar_subquery()
    return found


def _in_a_range(scope: Scope, source: str | None, *, by_id: bool) -> Subquery:
    filters = MovementFilter(currency=scope.currency, customer_id=scope.customer_id, source=source)
    span = scope.start, scope.end
    by: tuple[MovementKey, ...] = ("source", "source_id", "payer")
    moved = payment_movements(scope.book, filters, *span, by=by).c
    source_id = func.coalesce(moved.source_id, "") if by_id else cast(literal(""), Text)
    paid_at = case((moved.succeeded == 1, moved.moved_at))
    grouped = (
        select(
            moved.source,
            source_id.label("source_id"),
            *(cast(func.sum(moved[name]), BigInteger).label(name) for name in _SUMS),
            func.count(moved.payer.distinct()).label("customers"),
            func.min(paid_at).label("first_payment_at"),
            func.max(paid_at).label("last_payment_at"),
        )
        .group_by(moved.source, *((source_id,) if by_id else ()))
        .subquery()
    )
    if not by_id or scope.is_past:
        undescribed = cast(null(), Text).label("source_description")
        return select(grouped, undescribed).subquery()
    table, conditions = _rollup(scope, source)
    named = and_(
        *conditions,
        table.c.source == grouped.c.source,
        table.c.source_id == grouped.c.source_id,
    )
    return (
        select(grouped, table.c.source_description)
        .select_from(grouped.outerjoin(table, named))
        .subquery()
    )
