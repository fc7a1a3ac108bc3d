"""How a customer, as a command leaves it or as the views know it, becomes an answer."""

from typing import Any

from api.renderings.values import moment
from domain.book import Book
from domain.customer import Customer
from projections.book_totals import CurrencyTotals
from projections.customer_profiles import Acquisition, Profile
from projections.customer_stats import CustomerStats
from projections.subscriptions import SubscriptionCounts
from projections.top_customers import Ranked


def of_aggregate(
    customer: Customer, *, book: Book, figures: dict[str, Any] | None
) -> dict[str, Any]:
    """A customer as the command leaves it; without figures when they are not at hand."""
    personal = customer.personal
    return {
        "id": customer.id,
        "org_id": book.org_id,
        "mode": book.mode,
        "external_id": customer.external_id,
        "email": personal["email"],
        "phone": personal["phone"],
        "name": personal["name"],
        "tags": customer.tags,
        "metadata": customer.metadata,
        "created_at": moment(customer.registered_at),
        "updated_at": moment(customer.updated_at),
    } | (figures or {})


def of_profile(profile: Profile, book: Book) -> dict[str, Any]:
    """A customer as the views know it."""
    record = profile.record
    return {
        "id": record.customer_id,
        "org_id": book.org_id,
        "mode": book.mode,
        "external_id": record.external_id,
        "email": record.email,
        "phone": record.phone,
        "name": record.name,
        "tags": record.tags,
        "metadata": record.metadata,
        "created_at": moment(record.created_at),
        "updated_at": moment(record.updated_at),
    } | figures_of(profile)


def figures_of(profile: Profile | None) -> dict[str, Any]:
    """The figures of a customer; all of them nothing for one who has just been registered."""
    totals = (profile and profile.totals) or _NOTHING
    currency = profile.currency if profile else None
    first_payment_at = moment(profile.first_payment_at) if profile else None
    last_payment_at = moment(profile.last_payment_at) if profile else None
    by_currency = profile.totals_by_currency if profile else []
    subscribed = profile.subscriptions if profile else SubscriptionCounts()
    return {
        "currency": currency,
        "total_spent": totals.total_spent,
        "total_amount": totals.total_spent,
        "payment_count": totals.payment_count,
        "total_payments": totals.payment_count,
        "successful_payments": totals.successful_payments,
        "failed_payments": totals.failed_payments,
        "total_refunds": totals.refund_count,
        "refund_amount": totals.refund_amount,
        "disputed_amount": totals.disputed_amount,
        "lifetime_value": totals.lifetime_value,
        "avg_payment_amount": totals.avg_payment_amount,
        "first_payment_at": first_payment_at,
        "last_payment_at": last_payment_at,
        "last_payment_date": last_payment_at,
        "preferred_method": profile.preferred_method if profile else None,
        "preferred_currency": currency,
        "risk_score": profile.risk_score if profile else 0.0,
        "subscription_status": subscribed.status,
        "subscriptions": {
            "active": subscribed.active,
            "paused": subscribed.paused,
            "canceled": subscribed.canceled,
            "total": subscribed.total,
        },
        "totals_by_currency": [of_totals(each) for each in by_currency],
        "acquisition": of_acquisition(profile.acquisition) if profile else None,
    }


def of_totals(totals: CurrencyTotals) -> dict[str, Any]:
    return {
        "currency": totals.currency,
        "total_spent": totals.total_spent,
        "refund_amount": totals.refund_amount,
        "disputed_amount": totals.disputed_amount,
        "lifetime_value": totals.lifetime_value,
        "payment_count": totals.payment_count,
        "successful_payments": totals.successful_payments,
        "failed_payments": totals.failed_payments,
    }


def of_acquisition(acquisition: Acquisition | None) -> dict[str, Any] | None:
    if acquisition is None:
        return None
    return {
        "payment_id": acquisition.payment_id,
        "source": acquisition.source,
        "source_id": acquisition.source_id,
        "source_description": acquisition.source_description,
        "converted_at": moment(acquisition.converted_at),
    }


_NOTHING = CurrencyTotals(
    currency="",
    payment_count=0,
    successful_payments=0,
    failed_payments=0,
    total_spent=0,
    refund_count=0,
    refund_amount=0,
    disputed_amount=0,
    first_payment_at=None,
    last_payment_at=None,
)


def of_ranked(ranked: Ranked, book: Book) -> dict[str, Any]:
    """A customer in a ranking, with the figures it is ranked by."""
    return of_profile(ranked.profile, book) | {
        "ranked_by": {
            "currency": ranked.currency,
            "total_spent": ranked.total_spent,
            "payment_count": ranked.payment_count,
            "successful_payments": ranked.successful_payments,
            "first_payment_at": moment(ranked.first_payment_at),
        }
    }


def of_stats(stats: CustomerStats) -> dict[str, Any]:
    return {
        "total": stats.total,
        "active": stats.active,
        "new": stats.new,
        "inactive": stats.inactive,
        "currency": stats.currency,
        "by_tag": [
            {
                "tag": each.tag,
                "customers": each.customers,
                "total_spent": each.total_spent,
                "currency": each.currency,
            }
            for each in stats.by_tag
        ],
        "totals_by_currency": [of_totals(each) for each in stats.totals_by_currency],
    }
