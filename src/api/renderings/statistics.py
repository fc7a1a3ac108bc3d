"""How figures about payments become an answer."""

from typing import Any

from api.renderings.customers import of_totals
from api.renderings.values import moment
from projections.failed_attempts import FailureCount
from projections.payment_latency import Latency
from projections.payment_stats import Part, PaymentStats
from projections.revenue import Moved, RevenueSeries


def of_stats(stats: PaymentStats, latency: Latency) -> dict[str, Any]:
    totals = stats.totals
    return {
        "currency": stats.currency,
        "totals": _totals(totals),
        "by_provider": [_part(part) for part in stats.by_provider],
        "by_method": [_part(part) for part in stats.by_method],
        "totals_by_currency": [of_totals(each) for each in stats.totals_by_currency],
        "count": totals.created,
        "success_count": totals.succeeded,
        "failed_count": totals.failed,
        "pending_count": stats.pending_count,
        "total_amount": totals.amount,
        "fee_amount": 0,
        "net_amount": totals.net_amount,
        "success_rate": stats.success_rate,
        "average_latency_ms": latency.average_milliseconds,
    }


def of_series(series: RevenueSeries) -> dict[str, Any]:
    return {
        "currency": series.currency,
        "buckets": [
            {
                "start": moment(bucket.start),
                "end": moment(bucket.end),
                "totals": _totals(bucket.totals),
            }
            for bucket in series.buckets
        ],
    }


def of_latency(latency: Latency) -> dict[str, Any]:
    return {
        "buckets": [{"bucket": each.bucket, "count": each.count} for each in latency.buckets],
        "average_latency_ms": latency.average_milliseconds,
    }


def of_errors(failures: list[FailureCount]) -> dict[str, Any]:
    return {
        "breakdown": [
            {"error_message": each.error_message, "count": each.count} for each in failures
        ]
    }


def _totals(moved: Moved) -> dict[str, Any]:
    return {
        "count": moved.created,
        "amount": moved.amount,
        "succeeded": moved.succeeded,
        "failed": moved.failed,
        "refunded": moved.refund_count,
        "refunded_amount": moved.refunded_amount,
        "disputed_amount": moved.disputed_amount,
        "net_amount": moved.net_amount,
    }


def _part(part: Part) -> dict[str, Any]:
    return {"key": part.key, "count": part.count, "amount": part.amount}
