"""Time buckets: a range cut into local hours, days, weeks or months without gaps, or left whole."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Literal

from sqlalchemy import CTE, BigInteger, Connection, String, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.time_zone import midnight
from projections.engine.folding.timestamps import micros
from projections.engine.querying.pages import BadArgument

Granularity = Literal["hour", "day", "week", "month", "all"]
# start ≤ t < end, in microseconds.
Span = tuple[int, int]

MOST_BUCKETS = 4_000
_BUCKETS_PER_STATEMENT = 500

_HOUR = timedelta(hours=1)
_AT_LEAST = {
    "hour": _HOUR,
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=28),
}


class TooManyBuckets(BadArgument):
    field = "from"

    def __init__(self) -> None:
        super().__init__(f"that range has more than {MOST_BUCKETS} buckets")


def buckets_of(
    start: datetime, end: datetime, granularity: Granularity, zone: tzinfo
) -> list[Span]:
    """The buckets of start ≤ t < end, in order of time; the first and the last end with the range.

    Weeks begin on Monday. Raises TooManyBuckets.
    """
    if end <= start:
        return []
    if granularity == "all":
        return [(micros(start), micros(end))]
    if (end - start) / _AT_LEAST[granularity] > MOST_BUCKETS:
        raise TooManyBuckets
    edges, last = [micros(start)], micros(end)
    for edge in map(micros, _edges_after(start, granularity, zone)):
        if edge >= last:
            break
        # A day the clocks left out has no instants (Samoa skipped one in 2011).
        if edge > edges[-1]:
            edges.append(edge)
    return list(pairwise([*edges, last]))


def in_parts(buckets: list[Span]) -> Iterator[tuple[int, list[Span]]]:
    """As many as one statement is asked about, with the place of the first."""
    for first in range(0, len(buckets), _BUCKETS_PER_STATEMENT):
        yield first, buckets[first : first + _BUCKETS_PER_STATEMENT]


def as_rows(connection: Connection, buckets: list[Span]) -> CTE:
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


def _edges_after(start: datetime, granularity: Granularity, zone: tzinfo) -> Iterator[datetime]:
    """Where local hours, days, weeks or months begin, without an end."""
    if granularity == "hour":
        yield from _hours_after(start, zone)
    day = start.astimezone(zone).date()
    while True:
        day = _next(day, granularity)
        yield midnight(day, zone)


def _hours_after(start: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Full hours of the clock; where it is set by less than an hour, one is shorter."""
    moment = start
    while True:
        shown = moment.astimezone(zone)
        into = timedelta(minutes=shown.minute, seconds=shown.second, microseconds=shown.microsecond)
        moment = moment.astimezone(UTC) + _HOUR - into
        yield moment


def _next(day: date, granularity: Granularity) -> date:
    """The first day of the bucket after the one that a day is in."""
    match granularity:
        case "week":
            return day + timedelta(days=7 - day.weekday())
        case "month":
            return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        case _:
            return day + timedelta(days=1)
