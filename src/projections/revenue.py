"""Revenue: what came in and went back in each quarter hour, added up to days and weeks.

Every time zone there is now is a whole number of quarter hours from UTC, so these serve any. Where
a bucket does not begin or end on a quarter (a range that was asked for, a zone of the past), the
movements themselves fill the gap.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, Literal

from sqlalchemy import CTE, BigInteger, Connection, String, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.payment import Payment
from domain.time_zone import midnight
from projections.book_totals import most_used_currency
from projections.engine.folding.changes import Changes, Recorded, Rows
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.merging import Key
from projections.engine.folding.tables import key, total, view
from projections.engine.folding.timestamps import QUARTER, instant, micros
from projections.engine.querying.pages import BadArgument
from projections.payment_facts import Uncounted
from projections.payment_movements import MEASURES, MovementFilter, payment_movements, sums

Granularity = Literal["day", "week"]

MOST_BUCKETS = 4_000
_BUCKETS_PER_STATEMENT = 500

revenue = view(
    "revenue",
    key("currency"),
    key("quarter_at", BigInteger),
    *(total(name) for name in MEASURES),
)


Moving = (
    Payment.Created | Payment.Succeeded | Payment.Failed | Payment.Refunded | Payment.DisputeLost
)


@ignoring(Uncounted, Payment.CustomerAttached, Payment.MethodSelected, Payment.Retried)
def fold(recorded: Recorded[Moving], changes: Changes) -> None:
    fact, at = recorded.fact, recorded.at
    add_moved(changes.of(revenue), (fact.currency, at - at % QUARTER), fact)


def add_moved(rows: Rows, key: Key, fact: Moving) -> None:
    """What of MEASURES a fact adds, at its moment: nothing of today changes a day of the past."""
    match fact:
        case Payment.Created():
            rows.merge(key, created=1)
        case Payment.Succeeded():
            rows.merge(key, succeeded=1, amount=fact.captured_amount)
        case Payment.Failed():
            rows.merge(key, failed=1)
        case Payment.Refunded():
            rows.merge(key, refund_count=1, refunded_amount=fact.refund_amount)
        case Payment.DisputeLost():
            rows.merge(key, disputed_amount=fact.disputed_amount)


class TooManyBuckets(BadArgument):
    field = "from"

    def __init__(self) -> None:
        super().__init__(f"that range has more than {MOST_BUCKETS} buckets")


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

    @property
    def net_amount(self) -> int:
        return self.amount - self.refunded_amount - self.disputed_amount

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(*(getattr(self, name) + getattr(other, name) for name in MEASURES))


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened at `start` ≤ t < `end`."""

    start: datetime
    end: datetime
    totals: Moved


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
) -> RevenueSeries:
    """Revenue by local day, or by week from Monday; the first and last bucket end with the range.

    Without `start`: from the first thing that happened. Without `currency`: the book's most used.
    Raises TooManyBuckets.
    """
    currency = currency or most_used_currency(connection, book)
    if currency is None:
        return RevenueSeries(None, [])
    start = start or _beginning(connection, book, currency) or end
    edges = _edges(start, end, granularity, zone)
    totals = _totals(connection, book, currency, edges)
    buckets = [
        Bucket(instant(begin), instant(finish), sum(parts, Moved()))
        for (begin, finish), parts in zip(pairwise(edges), totals, strict=True)
    ]
    return RevenueSeries(currency, buckets)


def _edges(start: datetime, end: datetime, granularity: Granularity, zone: tzinfo) -> list[int]:
    """Where the buckets of start ≤ t < end meet; the range itself is the first and last edge."""
    if end <= start:
        return []
    step = timedelta(days=1 if granularity == "day" else 7)
    if (end - start) / step > MOST_BUCKETS:
        raise TooManyBuckets
    day = start.astimezone(zone).date()
    if granularity == "week":
        day -= timedelta(days=day.weekday())
    edges = [micros(start)]
    last = micros(end)
    while True:
        day += step
        edge = micros(midnight(day, zone))
        if edge >= last:
            return [*edges, last]
        # A day the clocks left out has no instants (Samoa skipped one in 2011).
        if edge > edges[-1]:
            edges.append(edge)


def _beginning(connection: Connection, book: str, currency: str) -> datetime | None:
    first = connection.execute(
        select(func.min(revenue.c.quarter_at)).where(
            revenue.c.book == book, revenue.c.currency == currency
        )
    ).scalar()
    return None if first is None else instant(first)


def _totals(
    connection: Connection, book: str, currency: str, edges: list[int]
) -> list[list[Moved]]:
    """The parts of each bucket: its whole quarters, and what is left at its two ends."""
    found: list[list[Moved]] = []
    for first in range(0, len(edges) - 1, _BUCKETS_PER_STATEMENT):
        some = list(pairwise(edges[first : first + _BUCKETS_PER_STATEMENT + 1]))
        whole = _whole_quarters(connection, book, currency, some)
        found += [[whole[place]] if place in whole else [] for place in range(len(some))]
    for place, (start, end) in enumerate(pairwise(edges)):
        for ragged in _ragged(start, end):
            found[place].append(_between(connection, book, currency, *ragged))
    return found


def _whole_quarters(
    connection: Connection, book: str, currency: str, buckets: list[tuple[int, int]]
) -> dict[int, Moved]:
    column = revenue.c
    each = _as_rows(connection, buckets).c
    rows = connection.execute(
        select(each.place, *sums(column))
        .where(
            column.book == book,
            column.currency == currency,
            column.quarter_at >= each.starts,
            column.quarter_at <= each.ends - QUARTER,
        )
        .group_by(each.place)
    )
    return {row.place: moved_of(row) for row in rows}


def _as_rows(connection: Connection, buckets: list[tuple[int, int]]) -> CTE:
    """The buckets with their places, as parameters: their text would be compiled each time."""
    if connection.dialect.name == "postgresql":
        starts, ends = (
            bindparam(None, [*edges], type_=ARRAY(BigInteger))
            for edges in zip(*buckets, strict=True)
        )
        unnested = func.unnest(starts, ends)
        told = unnested.table_valued("starts", "ends", with_ordinality="number").render_derived()
        rows = select((told.c.number - 1).label("place"), told.c.starts, told.c.ends)
    else:
        listed = func.json_each(bindparam(None, json.dumps(buckets), type_=String))
        told = listed.table_valued("key", "value")
        rows = select(
            told.c.key.label("place"),
            func.json_extract(told.c.value, "$[0]").label("starts"),
            func.json_extract(told.c.value, "$[1]").label("ends"),
        )
    return rows.cte("buckets")


def _ragged(start: int, end: int) -> list[tuple[int, int]]:
    first_whole, last_whole = start + -start % QUARTER, end - end % QUARTER
    if first_whole > last_whole:
        return [(start, end)]
    ends = [(start, first_whole), (last_whole, end)]
    return [(begin, finish) for begin, finish in ends if begin < finish]


def _between(connection: Connection, book: str, currency: str, start: int, end: int) -> Moved:
    filters = MovementFilter(currency=currency)
    happened = payment_movements(book, filters, instant(start), instant(end))
    return moved_of(connection.execute(select(*sums(happened.c))).one())


def moved_of(row: Any) -> Moved:
    return Moved(*(getattr(row, name) for name in MEASURES))
