"""Revenue: what came in and went back in each hour, day, week or month, in all and by source.

It is added up from whole days (UTC) and, where a bucket begins or ends between two, from quarters
of an hour. Every time zone there is now is a whole number of these from UTC, so they serve any.
What is left (a range that was asked for, a zone of the past) is read from the movements themselves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, literal, select

from domain.payment_types import SOURCES
from projections.book_totals import totals_by_currency
from projections.engine.folding.timestamps import DAY, QUARTER, instant, micros
from projections.engine.time_travel.past_connection import is_past
from projections.movement_totals import revenue
from projections.payment_movements import Moved, MovementFilter, moved_of, payment_movements, sums
from projections.time_buckets import Granularity, Span, as_rows, buckets_of, in_parts

# What is not added up is read as it happened, to the microsecond.
_MOVEMENT = 1
_LENGTHS = (DAY, QUARTER, _MOVEMENT)
_FEW_PIECES = 4


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened at `start` ≤ t < `end`; `by_source` has all sources, or is None: not asked."""

    start: datetime
    end: datetime
    totals: Moved
    by_source: dict[str, Moved] | None = None


@dataclass(frozen=True, slots=True)
class RevenueSeries:
    """Buckets in order of time, without gaps; `currency` is None in a book without payments.

    `currencies` are all the book has, the most used first.
    """

    currency: str | None
    currencies: list[str]
    buckets: list[Bucket]

    @property
    def totals(self) -> Moved:
        return _sum(bucket.totals for bucket in self.buckets)


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
    currencies = [each.currency for each in totals_by_currency(connection, book)]
    currency = currency or next(iter(currencies), None)
    if currency is None:
        return RevenueSeries(None, [], [])
    start = start or _beginning(connection, book, currency) or end
    spans = buckets_of(start, end, granularity, zone)
    asked = _Asked(connection, book, currency, by_source=by_source)
    parts = asked.parts(spans)
    return RevenueSeries(
        currency,
        currencies,
        [
            _bucket(*span, found, by_source=by_source)
            for span, found in zip(spans, parts, strict=True)
        ],
    )


def moved_within(
    connection: Connection,
    book: str,
    currency: str,
    start: datetime | None,
    end: datetime | None,
) -> Moved:
    """All that happened at `start` ≤ t < `end`, in one currency."""
    first, after = _first_and_after(connection, book, currency)
    span = (
        first if start is None else max(first, micros(start)),
        after if end is None else min(after, micros(end)),
    )
    [parts] = _Asked(connection, book, currency, by_source=False).parts([span])
    return _sum(part for _, part in parts)


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
    first, after = _first_and_after(connection, book, currency)
    return instant(first) if first < after else None


def _first_and_after(connection: Connection, book: str, currency: str) -> Span:
    """From when to when anything happened, in whole quarters of an hour; empty if nothing did."""
    column = revenue.c
    row = connection.execute(
        select(func.min(column.starts_at), func.max(column.starts_at)).where(
            column.book == book, column.currency == currency, column.length == QUARTER
        )
    ).one()
    return (0, 0) if row[0] is None else (row[0], row[1] + QUARTER)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One currency of a book, by source or not."""

    connection: Connection
    book: str
    currency: str
    by_source: bool

    def parts(self, spans: list[Span]) -> list[list[_Part]]:
        """What each span is added up from."""
        found: list[list[_Part]] = [[] for _ in spans]
        lengths = self._lengths(spans)
        for length in lengths:
            pieces = [
                (place, piece)
                for place, span in enumerate(spans)
                for piece in _cut(*span, lengths)[length]
            ]
            for number, part in self._of(length, [piece for _, piece in pieces]):
                found[pieces[number][0]].append(part)
        return found

    def _lengths(self, spans: list[Span]) -> tuple[int, ...]:
        """Of the past no quarters are kept: to add up all of them for a few takes longer."""
        if is_past(self.connection):
            ragged = sum(len(_cut(*span, _LENGTHS)[QUARTER]) for span in spans)
            if ragged <= _FEW_PIECES:
                return (DAY, _MOVEMENT)
        return _LENGTHS

    def _of(self, length: int, pieces: list[Span]) -> Iterator[tuple[int, _Part]]:
        """What each piece, which is so many times as long, is added up from; with its place."""
        if length == _MOVEMENT:
            for place, piece in enumerate(pieces):
                for part in self._between(*piece):
                    yield place, part
            return
        for first, some in in_parts(pieces):
            for place, part in self._added_up(length, some):
                yield first + place, part

    def _added_up(self, length: int, pieces: list[Span]) -> Iterator[tuple[int, _Part]]:
        column = revenue.c
        each = as_rows(self.connection, pieces).c
        source = self._source(column)
        rows = self.connection.execute(
            select(each.place, source, *sums(column))
            .where(
                column.book == self.book,
                column.currency == self.currency,
                column.length == length,
                column.starts_at >= each.starts,
                column.starts_at < each.ends,
            )
            .group_by(each.place, source)
        )
        return ((row.place, (row.source, moved_of(row))) for row in rows)

    def _between(self, start: int, end: int) -> list[_Part]:
        filters = MovementFilter(currency=self.currency)
        span = instant(start), instant(end)
        happened = payment_movements(self.book, filters, *span, by=["source"]).c
        source = self._source(happened)
        rows = self.connection.execute(select(source, *sums(happened)).group_by(source))
        return [(row.source, moved_of(row)) for row in rows]

    def _source(self, column: Any) -> ColumnElement[str]:
        source = column.source if self.by_source else cast(literal(""), Text)
        labelled: ColumnElement[str] = source.label("source")
        return labelled


def _cut(start: int, end: int, lengths: tuple[int, ...]) -> dict[int, list[Span]]:
    """The longest pieces that fit, by their length: whole days, and at either end what is left."""
    found: dict[int, list[Span]] = {length: [] for length in lengths}
    left = [(start, end)]
    for length in lengths:
        too_short: list[Span] = []
        for begin, finish in left:
            first, last = begin + -begin % length, finish - finish % length
            if first < last:
                found[length].append((first, last))
                too_short += [(begin, first), (last, finish)]
            else:
                too_short.append((begin, finish))
        left = [(begin, finish) for begin, finish in too_short if begin < finish]
    return found
