"""New and returning: which payments were the first of a customer, and which came later.

A first payment is the earliest that succeeded, in whatever currency: what is told of one currency
adds up to what succeeded in it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from sqlalchemy import BigInteger, Connection, cast, func, select

from projections.customer_totals import customer_activity
from projections.engine.folding.timestamps import micros
from projections.revenue import Bucket, revenue_series
from projections.time_buckets import Granularity, Span, as_rows, in_parts

# How many customers paid for the first time, and what these payments brought.
_Firsts = tuple[int, int]


@dataclass(frozen=True, slots=True)
class NewAndReturning:
    """What succeeded at `start` ≤ t < `end`, amounts in the minor unit of the currency.

    `new_customers` is how many paid for the first time; all further payments of customers are
    `returning`, those without a customer those of `guest`.
    """

    start: datetime
    end: datetime
    new_customers: int
    new_amount: int
    returning_payments: int
    returning_amount: int
    guest_payments: int
    guest_amount: int


@dataclass(frozen=True, slots=True)
class NewAndReturningSeries:
    """Buckets in order of time, without gaps; `currency` is None in a book without payments."""

    currency: str | None
    buckets: list[NewAndReturning]


def new_and_returning(
    connection: Connection,
    book: str,
    *,
    start: datetime | None,
    end: datetime,
    granularity: Granularity = "day",
    zone: tzinfo = UTC,
    currency: str | None = None,
) -> NewAndReturningSeries:
    """The buckets of `revenue_series`, by who paid. Raises TooManyBuckets."""
    series = revenue_series(
        connection,
        book,
        start=start,
        end=end,
        granularity=granularity,
        zone=zone,
        currency=currency,
    )
    if series.currency is None:
        return NewAndReturningSeries(None, [])
    spans = [(micros(each.start), micros(each.end)) for each in series.buckets]
    firsts = _firsts(connection, book, series.currency, spans)
    told = [_told(each, firsts.get(place, (0, 0))) for place, each in enumerate(series.buckets)]
    return NewAndReturningSeries(series.currency, told)


def _told(bucket: Bucket, first: _Firsts) -> NewAndReturning:
    customers, amount = first
    moved = bucket.totals
    return NewAndReturning(
        bucket.start,
        bucket.end,
        new_customers=customers,
        new_amount=amount,
        returning_payments=moved.customer_payments - customers,
        returning_amount=moved.customer_amount - amount,
        guest_payments=moved.succeeded - moved.customer_payments,
        guest_amount=moved.amount - moved.customer_amount,
    )


def _firsts(
    connection: Connection, book: str, currency: str, spans: list[Span]
) -> dict[int, _Firsts]:
    """By the place of the span."""
    column = customer_activity.c
    found: dict[int, _Firsts] = {}
    for place, some in in_parts(spans):
        each = as_rows(connection, some).c
        rows = connection.execute(
            select(
                each.place,
                func.count().label("customers"),
                cast(func.sum(column.first_amount), BigInteger).label("amount"),
            )
            .where(
                column.book == book,
                column.first_currency == currency,
                column.first_payment_at >= each.starts,
                column.first_payment_at < each.ends,
            )
            .group_by(each.place)
        )
        found |= {place + row.place: (row.customers, row.amount) for row in rows}
    return found
