"""Revenue: what came in and went back in each hour, day, week or month, in all and by source.

It is added up from quarter hours. Every time zone there is now is a whole number of these from UTC,
so they serve any. Where a bucket does not begin or end on one (a range that was asked for, a zone
of the past), the movements themselves fill the gap.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, literal, select

from domain.payment_types import SOURCES
from projections.book_totals import most_used_currency
from projections.engine.folding.timestamps import QUARTER, instant
from projections.movement_totals import revenue
from projections.payment_movements import Moved, MovementFilter, moved_of, payment_movements, sums
from projections.time_buckets import Granularity, Span, as_rows, buckets_of, in_parts


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened at `start` ≤ t < `end`; `by_source` has all sources, or is None: not asked."""

    start: datetime
    end: datetime
    totals: Moved
    by_source: dict[str, Moved] | None = None


@dataclass(frozen=True, slots=True)
class RevenueSeries:
    """Buckets in order of time, without gaps; `currency` is None in a book without payments."""

    currency: str | None
    buckets: list[Bucket]


def revenue_series(
    connection: Connection,
    book: str,
    *,
    start: datetime | None,
    end: datetime,
    granularity: Granularity = "day",
    zone: tzinfo = UTC,
    currency: str | None = None,
    by_source: bool = False,
) -> RevenueSeries:
    """Revenue by the local calendar; the first and last bucket end with the range.

    Without `start`: from the first thing that happened. Without `currency`: the book's most used.
    Raises TooManyBuckets.
    """
    currency = currency or most_used_currency(connection, book)
    if currency is None:
        return RevenueSeries(None, [])
    start = start or _beginning(connection, book, currency) or end
    spans = buckets_of(start, end, granularity, zone)
    asked = _Asked(connection, book, currency, by_source=by_source)
    parts = asked.parts(spans)
    return RevenueSeries(
        currency,
        [
            _bucket(*span, found, by_source=by_source)
            for span, found in zip(spans, parts, strict=True)
        ],
    )


# What happened by one source, or by any: then the source is "".
_Part = tuple[str, Moved]


def _bucket(start: int, end: int, parts: list[_Part], *, by_source: bool) -> Bucket:
    sources: dict[str, Moved] | None = None
    if by_source:
        sources = {
            source: _sum(each for name, each in parts if name == source) for source in SOURCES
        }
    return Bucket(instant(start), instant(end), _sum(each for _, each in parts), sources)


def _sum(moved: Iterable[Moved]) -> Moved:
    return sum(moved, Moved())


def _beginning(connection: Connection, book: str, currency: str) -> datetime | None:
    first = connection.execute(
        select(func.min(revenue.c.quarter_at)).where(
            revenue.c.book == book, revenue.c.currency == currency
        )
    ).scalar()
    return None if first is None else instant(first)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One currency of a book, by source or not."""

    connection: Connection
    book: str
    currency: str
    by_source: bool

    def parts(self, spans: list[Span]) -> list[list[_Part]]:
        """The parts of each span: its whole quarters, and what is left at its two ends."""
        found: list[list[_Part]] = [[] for _ in spans]
        for first, some in in_parts(spans):
            for place, part in self._whole_quarters(some):
                found[first + place].append(part)
        for parts, span in zip(found, spans, strict=True):
            for ragged in _ragged(*span):
                parts.extend(self._between(*ragged))
        return found

    def _whole_quarters(self, spans: list[Span]) -> Iterator[tuple[int, _Part]]:
        column = revenue.c
        each = as_rows(self.connection, spans).c
        source = self._source(column)
        rows = self.connection.execute(
            select(each.place, source, *sums(column))
            .where(
                column.book == self.book,
                column.currency == self.currency,
                column.quarter_at >= each.starts,
                column.quarter_at <= each.ends - QUARTER,
            )
            .group_by(each.place, source)
        )
        return ((row.place, (row.source, moved_of(row))) for row in rows)

    def _between(self, start: int, end: int) -> list[_Part]:
        filters = MovementFilter(currency=self.currency)
        happened = payment_movements(self.book, filters, instant(start), instant(end)).c
        source = self._source(happened)
        rows = self.connection.execute(select(source, *sums(happened)).group_by(source))
        return [(row.source, moved_of(row)) for row in rows]

    def _source(self, column: Any) -> ColumnElement[str]:
        source = column.source if self.by_source else cast(literal(""), Text)
        labelled: ColumnElement[str] = source.label("source")
        return labelled


def _ragged(start: int, end: int) -> list[Span]:
    first_whole, last_whole = start + -start % QUARTER, end - end % QUARTER
    if first_whole > last_whole:
        return [(start, end)]
    ends = [(start, first_whole), (last_whole, end)]
    return [(begin, finish) for begin, finish in ends if begin < finish]
