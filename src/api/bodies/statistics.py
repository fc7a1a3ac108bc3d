"""What figures about payments look like."""

from pydantic import Field

from api.bodies.customers import CurrencyTotals
from api.bodies.shapes import Amount, Count, Moment, Shape, Share


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

    currency: str | None = Field(examples=["GHS"])
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


class Bucket(Shape):
    """What happened at ``start`` ≤ t < ``end``."""

    start: Moment
    end: Moment
    totals: PaymentTotals


class Series(Shape):
    """Without gaps, in one currency."""

    currency: str | None = Field(examples=["GHS"])
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
