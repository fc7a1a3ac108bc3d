"""The breakdown by source: what each source brought."""

from typing import Any

from pydantic import Field

from api.resources.customers import Acquisition, Source
from api.resources.shapes import Amount, Count, Currency, Moment, Pagination, Shape, Share
from projections.customer_profiles import Acquisition as FirstPayment
from projections.source_breakdown import SourceBreakdown, SourceFigures


class SourceTotals(Shape):
    """Of what succeeded."""

    count: Count
    amount: Amount


class SourceShare(Shape):
    """What one source brought; shares are fractions of what succeeded."""

    source: Source
    count: Count
    amount: Amount
    count_share: Share
    amount_share: Share


class SourceIdShare(SourceShare):
    """What one payment link, say, brought."""

    source_id: str | None = Field(examples=["pl_abc123"])
    source_description: str | None = Field(examples=["Summer Sale - Premium Plan"])
    first_payment_at: Moment | None
    last_payment_at: Moment | None


class CustomerSources(Shape):
    """Where the payments of one customer came from, in one currency."""

    currency: Currency | None
    totals: SourceTotals
    by_source: list[SourceShare]
    by_source_id: list[SourceIdShare]
    subscription_share: Share
    one_time_share: Share
    acquisition: Acquisition | None


class RankedSource(Shape):
    """``count`` payments were created, ``succeeded`` of them brought ``amount``."""

    source: Source
    source_id: str | None
    source_description: str | None
    count: Count
    succeeded: Count
    amount: Amount
    refunded_amount: Amount
    disputed_amount: Amount
    net_amount: Amount
    customers: Count | None
    amount_share: Share


class RankedSources(Shape):
    """What brought most comes first."""

    currency: Currency | None
    sources: list[RankedSource]
    pagination: Pagination


def breakdown_of(breakdown: SourceBreakdown, acquisition: FirstPayment | None) -> dict[str, Any]:
    return CustomerSources.of(
        breakdown,
        totals=SourceTotals.of(breakdown),
        by_source=[SourceShare.of(each, count=each.succeeded) for each in breakdown.by_source],
        by_source_id=[
            SourceIdShare.of(each, count=each.succeeded) for each in breakdown.by_source_id
        ],
        acquisition=acquisition,
    )


def ranked_source_of(figures: SourceFigures) -> dict[str, Any]:
    return RankedSource.of(figures, count=figures.created)
