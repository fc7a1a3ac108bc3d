"""Payment statistics: totals, series, latency, errors."""

from typing import Any

from pydantic import Field

from api.resources.customers import CurrencyTotals, Source
from api.resources.shapes import Amount, Count, Currency, Moment, Shape, Share
from projections import payment_latency, payment_stats, revenue
from projections.failed_attempts import FailureCount
from projections.payment_movements import Moved
from projections.revenue import RevenueSeries


class PaymentTotals(Shape):
    """``count`` payments were created, ``amount`` is what succeeded, ``refunded`` counts."""

    count: Count
    amount: Amount
    succeeded: Count
    failed: Count
    refunded: Count
    refunded_amount: Amount
    disputed_amount: Amount
    net_amount: Amount


class Part(Shape):
    """What succeeded by one provider or method; null: not named."""

    key: str | None
    count: Count
    amount: Amount


class Stats(Shape):
    """The same figures twice: nested, and flat for clients that expect them so."""

    currency: Currency | None
    totals: PaymentTotals
    by_provider: list[Part]
    by_method: list[Part]
    totals_by_currency: list[CurrencyTotals]
    count: Count
    success_count: Count
    failed_count: Count
    pending_count: Count
    total_amount: Amount
    fee_amount: Amount
    net_amount: Amount
    success_rate: Share
    average_latency_ms: Count


class TotalsOfSource(PaymentTotals):
    """What happened to the payments of one source."""

    source: Source


class Bucket(Shape):
    """What happened at ``start`` ≤ t < ``end``.

    ``success_rate`` is what succeeded of all attempts that were decided. Grouped by source,
    ``by_source`` has all sources and adds up to ``totals``; otherwise it is null.
    """

    start: Moment
    end: Moment
    totals: PaymentTotals
    success_rate: Share
    by_source: list[TotalsOfSource] | None


class Series(Shape):
    """Without gaps, in one currency; ``totals`` are what the buckets add up to."""

    currency: Currency | None
    currencies: list[Currency]
    totals: PaymentTotals
    success_rate: Share
    buckets: list[Bucket]


class LatencyBucket(Shape):
    bucket: str = Field(examples=["0-100ms"])
    count: Count


class Latency(Shape):
    """Every bucket, the quickest first."""

    buckets: list[LatencyBucket]
    average_latency_ms: Count


class ErrorCount(Shape):
    error_message: str = Field(examples=["the card was declined"])
    count: Count


class Errors(Shape):
    """The most frequent first."""

    breakdown: list[ErrorCount]


def stats_of(stats: payment_stats.PaymentStats, latency: payment_latency.Latency) -> dict[str, Any]:
    totals = stats.totals
    return Stats.of(
        stats,
        totals=_totals(totals),
        totals_by_currency=[CurrencyTotals.of(each) for each in stats.totals_by_currency],
        count=totals.created,
        success_count=totals.succeeded,
        failed_count=totals.failed,
        total_amount=totals.amount,
        fee_amount=0,
        net_amount=totals.net_amount,
        average_latency_ms=latency.average_milliseconds,
    )


def series_of(series: RevenueSeries) -> dict[str, Any]:
    return Series.of(
        series,
        totals=_totals(series.totals),
        success_rate=series.totals.success_rate,
        buckets=[_bucket(each) for each in series.buckets],
    )


def latency_of(latency: payment_latency.Latency) -> dict[str, Any]:
    return Latency.of(latency, average_latency_ms=latency.average_milliseconds)


def errors_of(failures: list[FailureCount]) -> dict[str, Any]:
    return {"breakdown": failures}


def _bucket(bucket: revenue.Bucket) -> dict[str, Any]:
    by_source = bucket.by_source and [
        {"source": source, **_totals(moved)} for source, moved in bucket.by_source.items()
    ]
    return Bucket.of(
        bucket,
        totals=_totals(bucket.totals),
        success_rate=bucket.totals.success_rate,
        by_source=by_source,
    )


def _totals(moved: Moved) -> dict[str, Any]:
    return PaymentTotals.of(moved, count=moved.created, refunded=moved.refund_count)
