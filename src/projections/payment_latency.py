"""Payment latency: how long payments took, from being created to having succeeded."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, case, cast, func, select

from projections.engine.querying.conditions import between
from projections.payments import payments

# Up to so many milliseconds.
LATENCY_BUCKETS: tuple[tuple[str, int], ...] = (
    ("0-100ms", 100),
    ("100-500ms", 500),
    ("500ms-1s", 1_000),
    ("1-5s", 5_000),
    ("5-30s", 30_000),
    ("30s-1m", 60_000),
    ("1-5m", 300_000),
    ("5m-1h", 3_600_000),
    ("1h-1d", 86_400_000),
)
SLOWEST_BUCKET = "over 1d"


@dataclass(frozen=True, slots=True)
class LatencyBucket:
    bucket: str
    count: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Every bucket, zeros included, the quickest first; the average in whole milliseconds."""

    buckets: list[LatencyBucket]
    average_milliseconds: int


def payment_latency(
    connection: Connection,
    book: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Latency:
    """How long payments that succeeded at `start` ≤ t < `end` took, from when they were created."""
    column = payments.c
    # A record of the past may say that it succeeded before it was created here.
    taken = case(
        (column.succeeded_at > column.created_at, column.succeeded_at - column.created_at), else_=0
    )
    bucket = case(
        *((taken < most * 1_000, place) for place, (_, most) in enumerate(LATENCY_BUCKETS)),
        else_=len(LATENCY_BUCKETS),
    )
    rows = connection.execute(
        select(
            bucket.label("place"),
            func.count().label("payments"),
            cast(func.sum(taken), BigInteger).label("taken"),
        )
        .where(column.book == book, *between(column.succeeded_at, start, end))
        .group_by(bucket)
    ).all()
    counts = {row.place: row.payments for row in rows}
    count, whole = sum(counts.values()), sum(row.taken for row in rows)
    names = (*(name for name, _ in LATENCY_BUCKETS), SLOWEST_BUCKET)
    return Latency(
        buckets=[LatencyBucket(name, counts.get(place, 0)) for place, name in enumerate(names)],
        average_milliseconds=whole // count // 1_000 if count else 0,
    )
