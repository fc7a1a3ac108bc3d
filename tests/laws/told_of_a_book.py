"""Told of a book: what every query of figures says, to hold two ways against each other."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import Connection

from projections.book_totals import payment_total, totals_by_currency
from projections.customers import customer_count
from projections.new_and_returning import new_and_returning
from projections.payment_latency import payment_latency
from projections.payment_movements import MovementFilter
from projections.payment_stats import payment_stats
from projections.revenue import moved_within, revenue_series
from projections.source_breakdown import ranked_sources, source_breakdown
from projections.top_customers import Metric, ranking_entry, top_customers

Answers = Iterator[Any]

_LATER = timedelta(days=400)
_METRICS: tuple[Metric, ...] = ("total_spent", "payment_count")


def _totals(views: Connection, book: str, _around: datetime) -> Answers:
    yield totals_by_currency(views, book)
    yield payment_total(views, book)
    yield customer_count(views, book)


def _breakdown(views: Connection, book: str, around: datetime) -> Answers:
    for start, end in _ranges(around):
        yield source_breakdown(views, book, start=start, end=end)


def _sources(views: Connection, book: str, around: datetime) -> Answers:
    for start, end in _ranges(around):
        yield ranked_sources(views, book, start=start, end=end)
        yield ranked_sources(views, book, group_by="source", start=start, end=end)


def _ranking(views: Connection, book: str, around: datetime) -> Answers:
    for (start, end), metric in product(_ranges(around), _METRICS):
        asked = {"metric": metric, "start": start, "end": end}
        first = top_customers(views, book, **asked, limit=2)
        yield first
        if cursor := first.page.next_cursor:
            yield top_customers(views, book, **asked, cursor=cursor)
        for each in first.page.rows:
            person, currency = each.profile.customer_id, each.currency
            yield ranking_entry(views, book, person, currency=currency, start=start, end=end)


def _days(views: Connection, book: str, around: datetime) -> Answers:
    end, granularity = around + _LATER, "month"
    yield revenue_series(views, book, start=None, end=end, granularity=granularity, by_source=True)
    yield new_and_returning(views, book, start=None, end=end, granularity=granularity)
    yield moved_within(views, book, "GHS", around, None)


def _stats(views: Connection, book: str, around: datetime) -> Answers:
    for start, end in _ranges(around):
        yield payment_stats(views, book, MovementFilter(), start=start, end=end)
        yield payment_stats(views, book, MovementFilter(status="failed"), start=start, end=end)
        yield payment_latency(views, book, start=start, end=end)


def _ranges(around: datetime) -> list[tuple[datetime | None, datetime | None]]:
    return [(None, None), (around, None), (None, around)]


ASKED: dict[str, Callable[[Connection, str, datetime], Answers]] = {
    "totals": _totals,
    "breakdown": _breakdown,
    "sources": _sources,
    "ranking": _ranking,
    "days": _days,
    "stats": _stats,
}


def told_of_a_book(views: Connection, book: str, asked: str, around: datetime) -> list[Any]:
    return list(ASKED[asked](views, book, around))
