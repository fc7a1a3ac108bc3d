"""How a breakdown by source becomes an answer."""

from typing import Any

from api.renderings.customers import of_acquisition
from api.renderings.values import moment
from projections.customer_profiles import Acquisition
from projections.source_breakdown import SourceBreakdown, SourceFigures


def of_breakdown(breakdown: SourceBreakdown, acquisition: Acquisition | None) -> dict[str, Any]:
    return {
        "currency": breakdown.currency,
        "totals": {"count": breakdown.count, "amount": breakdown.amount},
        "by_source": [_share(figures) for figures in breakdown.by_source],
        "by_source_id": [
            _share(figures)
            | {
                "source_id": figures.source_id,
                "source_description": figures.source_description,
                "first_payment_at": moment(figures.first_payment_at),
                "last_payment_at": moment(figures.last_payment_at),
            }
            for figures in breakdown.by_source_id
        ],
        "subscription_share": breakdown.subscription_share,
        "one_time_share": breakdown.one_time_share,
        "acquisition": of_acquisition(acquisition),
    }


def of_ranked(figures: SourceFigures) -> dict[str, Any]:
    return {
        "source": figures.source,
        "source_id": figures.source_id,
        "source_description": figures.source_description,
        "count": figures.created,
        "succeeded": figures.succeeded,
        "amount": figures.amount,
        "refunded_amount": figures.refunded_amount,
        "disputed_amount": figures.disputed_amount,
        "net_amount": figures.net_amount,
        "customers": figures.customers,
        "amount_share": figures.amount_share,
    }


def _share(figures: SourceFigures) -> dict[str, Any]:
    return {
        "source": figures.source,
        "count": figures.succeeded,
        "amount": figures.amount,
        "count_share": figures.count_share,
        "amount_share": figures.amount_share,
    }
