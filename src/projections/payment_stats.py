"""Payment statistics: how many payments, how much, by which providers and methods.

Whole days (UTC) are read from the payment mix; the ragged ends of a range, and everything about
payments of one status, from the movements themselves.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from projections.book_totals import CurrencyTotals, most_used_currency, totals_by_currency
from projections.engine.folding.timestamps import DAY, instant, micros
from projections.engine.querying.conditions import equal_to
from projections.movement_totals import payment_mix
from projections.payment_list import PaymentFilter, conditions
from projections.payment_movements import (
    Moved,
    MovementFilter,
    moved_of,
    payment_movements,
    sums,
)
from projections.payments import payments

Period = Literal["day", "week", "month", "all", "all_time"]

OPEN = ("pending", "requires_action", "processing")


@dataclass(frozen=True, slots=True)
class Part:
    """Succeeded payments of one provider or method (`key` None: not named), and their amount."""

    key: str | None
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class PaymentStats:
    """What happened in a range, in one currency; amounts in its minor unit.

    `totals.created` counts payments created, `totals.failed` attempts that failed. `pending_count`
    are payments created in the range that are still open. `success_rate` is what succeeded of all
    that was decided, 0 when nothing was.
    """

    currency: str | None
    totals: Moved
    pending_count: int
    success_rate: float
    by_provider: list[Part]
    by_method: list[Part]
    totals_by_currency: list[CurrencyTotals]


def payment_stats(
    connection: Connection,
    book: str,
    filters: MovementFilter,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
) -> PaymentStats:
    """What happened at `start` ≤ t < `end` to the payments that fit.

    Without `filters.currency`: in the book's most used one. `totals_by_currency` are of all time.
    """
    currency = filters.currency or most_used_currency(connection, book)
    rows = _rows(connection, book, filters, currency or "", start, end)
    totals = sum((moved for _, _, moved in rows), Moved())
    return PaymentStats(
        currency=currency,
        totals=totals,
        pending_count=_open_count(connection, book, filters, currency, start, end),
        success_rate=totals.success_rate,
        by_provider=_parts((provider, moved) for _, provider, moved in rows),
        by_method=_parts((method, moved) for method, _, moved in rows),
        totals_by_currency=totals_by_currency(connection, book),
    )


_Row = tuple[str | None, str | None, Moved]


def _rows(
    connection: Connection,
    book: str,
    filters: MovementFilter,
    currency: str,
    start: datetime | None,
    end: datetime | None,
) -> list[_Row]:
    """(method, provider, what happened), in one currency."""
    exact = replace(filters, currency=currency)
    first_day = None if start is None else micros(start) + -micros(start) % DAY
    last_day = None if end is None else micros(end) - micros(end) % DAY
    within_a_day = first_day is not None and last_day is not None and first_day >= last_day
    if within_a_day or exact.status is not None or exact.customer_id is not None:
        return _moved_rows(connection, book, exact, start, end)
    rows = _whole_days(connection, book, exact, first_day, last_day)
    if start is not None and first_day is not None:
        rows += _moved_rows(connection, book, exact, start, instant(first_day))
    if end is not None and last_day is not None:
        rows += _moved_rows(connection, book, exact, instant(last_day), end)
    return rows


def _whole_days(
    connection: Connection,
    book: str,
    filters: MovementFilter,
    first_day: int | None,
    last_day: int | None,
) -> list[_Row]:
    column = payment_mix.c
    asked = equal_to(payment_mix, filters, "currency", "source", "method", "provider", "country")
    found = [column.book == book, *asked]
    if first_day is not None:
        found.append(column.day_at >= first_day)
    if last_day is not None:
        found.append(column.day_at < last_day)
    rows = connection.execute(
        select(column.method, column.provider, *sums(column))
        .where(*found)
        .group_by(column.method, column.provider)
    )
    return [(row.method, row.provider or None, moved_of(row)) for row in rows]


def _moved_rows(
    connection: Connection,
    book: str,
    filters: MovementFilter,
    start: datetime | None,
    end: datetime | None,
) -> list[_Row]:
    if start is not None and start == end:
        return []
    happened = payment_movements(book, filters, start, end, by=["method", "provider"]).c
    rows = connection.execute(
        select(happened.method, happened.provider, *sums(happened)).group_by(
            happened.method, happened.provider
        )
    )
    return [(row.method, row.provider, moved_of(row)) for row in rows]


def _parts(moved: Iterable[tuple[str | None, Moved]]) -> list[Part]:
    """By key, the largest amount first; only keys by which something succeeded."""
    found: dict[str | None, Moved] = {}
    for key, each in moved:
        found[key] = found.get(key, Moved()) + each
    parts = [Part(key, each.succeeded, each.amount) for key, each in found.items()]
    paid = [part for part in parts if part.count]
    return sorted(paid, key=lambda part: (-part.amount, -part.count, part.key or ""))


def _open_count(
    connection: Connection,
    book: str,
    filters: MovementFilter,
    currency: str | None,
    start: datetime | None,
    end: datetime | None,
) -> int:
    asked = PaymentFilter(**asdict(replace(filters, currency=currency)), start=start, end=end)
    found: Any = select(func.count()).where(*conditions(book, asked), payments.c.status.in_(OPEN))
    return int(connection.execute(found).scalar_one())
