"""Source breakdown: where payments come from, of a book or of one customer.

Everything is in one currency, over what succeeded at `start` ≤ t < `end`; shares are fractions of
that. Without a range the figures are read from the rollups, within one from the movements.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Unpack

from sqlalchemy import Connection, func, select

from domain.payment_types import SOURCES
from projections.book_totals import most_used_currency
from projections.customer_summary import customer_summary
from projections.engine.folding.timestamps import instant_or_none
from projections.engine.querying.pages import (
    By,
    Page,
    PageArguments,
    PagePlace,
    fetch_page,
    fetch_page_and_count,
)
from projections.engine.querying.records import record_from
from projections.engine.time_travel.past_connection import is_past
from projections.revenue import moved_within
from projections.source_figures import Scope, description, source_figures


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """One source, or one source_id of it (`source_id` None: payments without one).

    `created` counts payments created, `succeeded` those that succeeded, `amount` what these
    brought; `customers` is how many different ones paid. Shares are of all sources asked about.
    """

    source: str
    source_id: str | None
    source_description: str | None
    created: int
    succeeded: int
    amount: int
    refunded_amount: int
    disputed_amount: int
    customers: int
    first_payment_at: datetime | None
    last_payment_at: datetime | None
    count_share: float
    amount_share: float

    @property
    def net_amount(self) -> int:
        return self.amount - self.refunded_amount - self.disputed_amount


@dataclass(frozen=True, slots=True)
class SourceBreakdown:
    """`by_source` has all three sources; `by_source_id` only those that something succeeded by.

    `count` and `amount` are of succeeded payments; the two shares below are by count.
    """

    currency: str | None
    count: int
    amount: int
    by_source: list[SourceFigures]
    by_source_id: list[SourceFigures]
    subscription_share: float
    one_time_share: float


@dataclass(frozen=True, slots=True)
class RankedSources:
    """A page of sources, highest amount first, and the currency they are in."""

    currency: str | None
    page: Page[SourceFigures]


def source_breakdown(
    connection: Connection,
    book: str,
    *,
    customer_id: str | None = None,
    currency: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 100,
) -> SourceBreakdown:
    """The sources of a book, or of one customer; at most `limit` rows by source_id.

    Without `currency`: the one the customer prefers, or the book's most used.
    """
    currency = currency or _usual_currency(connection, book, customer_id)
    scope = Scope(book, customer_id, currency or "", start, end, is_past(connection))
    by_source, count, amount = _all_sources(connection, scope)
    ranked = _ranked(connection, scope, None, (count, amount), paid_only=True, limit=limit)
    recurring = next(each for each in by_source if each.source == "subscription")
    return SourceBreakdown(
        currency=currency,
        count=count,
        amount=amount,
        by_source=by_source,
        by_source_id=ranked.rows,
        subscription_share=recurring.count_share,
        one_time_share=_share(count - recurring.succeeded, count),
    )


def ranked_sources(
    connection: Connection,
    book: str,
    *,
    group_by: Literal["source", "source_id"] = "source_id",
    source: str | None = None,
    currency: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 50,
    **place: Unpack[PagePlace],
) -> RankedSources:
    """The sources of a book by what they brought, highest first, of one `source` or of all.

    By `source` all three are listed; by source_id those with any payment. Shares are of the whole
    book in that currency, whatever `source` is asked for. Raises BadCursor.
    """
    currency = currency or most_used_currency(connection, book)
    scope = Scope(book, None, currency or "", start, end, is_past(connection))
    if group_by == "source_id":
        whole = _whole(connection, scope)
        ranked = _ranked(connection, scope, source, whole, limit=limit, **place)
        return RankedSources(currency, ranked)
    by_source, _, _ = _all_sources(connection, scope)
    asked = [each for each in by_source if source in (None, each.source)]
    asked.sort(key=lambda each: (-each.amount, -each.succeeded, each.source))
    first = place.get("offset", 0)
    return RankedSources(currency, Page(asked[first : first + limit], len(asked), None))


def source_entry(
    connection: Connection,
    book: str,
    source: str,
    source_id: str | None,
    *,
    currency: str,
    start: datetime | None = None,
    end: datetime | None = None,
) -> SourceFigures:
    """What `ranked_sources` says of one source, or of one source_id; shares are not told."""
    scope = Scope(book, None, currency, start, end, is_past(connection))
    figures = source_figures(scope, by_id=source_id is not None, source=source)
    asked = select(figures)
    if source_id is not None:
        asked = asked.where(figures.c.source_id == source_id)
    row = connection.execute(asked).first()
    return _nothing(source) if row is None else _source(row, 0, 0)


def _usual_currency(connection: Connection, book: str, customer_id: str | None) -> str | None:
    if customer_id is None:
        return most_used_currency(connection, book)
    summary = customer_summary.c
    return connection.execute(
        select(summary.currency).where(summary.book == book, summary.customer_id == customer_id)
    ).scalar()


def _whole(connection: Connection, scope: Scope) -> tuple[int, int]:
    """The count and amount of all that succeeded in a book: what shares are of."""
    if scope.is_past:
        _, count, amount = _all_sources(connection, scope)
        return count, amount
    moved = moved_within(connection, scope.book, scope.currency, scope.start, scope.end)
    return moved.succeeded, moved.amount


def _all_sources(connection: Connection, scope: Scope) -> tuple[list[SourceFigures], int, int]:
    """The three sources, and the count and amount they have together."""
    rows = connection.execute(select(source_figures(scope, by_id=False))).all()
    count, amount = sum(row.succeeded for row in rows), sum(row.amount for row in rows)
    found = {row.source: _source(row, count, amount) for row in rows}
    return [found.get(source, _nothing(source)) for source in SOURCES], count, amount


def _ranked(
    connection: Connection,
    scope: Scope,
    source: str | None,
    whole: tuple[int, int],
    *,
    paid_only: bool = False,
    **page: Unpack[PageArguments],
) -> Page[SourceFigures]:
    figures = source_figures(scope, by_id=True, source=source)
    listed = select(figures)
    if paid_only:
        listed = listed.where(figures.c.succeeded > 0)
    order = (
        By(figures.c.amount, descending=True, stated=True),
        By(figures.c.succeeded, descending=True, stated=True),
        By(figures.c.source, stated=True),
        By(figures.c.source_id, stated=True),
    )
    if scope.is_rolled_up:
        # A page of the rollups comes off an index.
        counted = select(func.count()).select_from(listed.subquery())
        total = connection.execute(counted).scalar_one()
        found = fetch_page(connection, listed, order, total=total, **page)
    else:
        found = fetch_page_and_count(connection, listed, order, **page)
    sources = found.of(lambda row: _source(row, *whole))
    if not scope.is_past:
        return sources
    return sources.showing([_described(connection, scope, each) for each in sources.rows])


def _described(connection: Connection, scope: Scope, source: SourceFigures) -> SourceFigures:
    told = description(connection, scope, source.source, source.source_id or "")
    return replace(source, source_description=told)


def _source(row: Any, count: int, amount: int) -> SourceFigures:
    return record_from(
        row,
        SourceFigures,
        source_id=row.source_id or None,
        first_payment_at=instant_or_none(row.first_payment_at),
        last_payment_at=instant_or_none(row.last_payment_at),
        count_share=_share(row.succeeded, count),
        amount_share=_share(row.amount, amount),
    )


def _nothing(source: str) -> SourceFigures:
    return SourceFigures(source, None, None, 0, 0, 0, 0, 0, 0, None, None, 0.0, 0.0)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
