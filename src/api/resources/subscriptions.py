"""The subscription resource."""

from typing import Any

from pydantic import Field

from api.resources.shapes import Amount, Count, Currency, Moment, Pagination, Shape
from domain.subscription import Interval, SubscriptionStatus
from domain.subscription import Subscription as SubscriptionAggregate
from projections.subscriptions import SubscriptionRecord


class Subscription(Shape):
    """A plan a customer pays period after period; ``period`` counts those billed until now."""

    id: str = Field(examples=["sub_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    customer_id: str | None
    plan_id: str = Field(examples=["plan_premium"])
    amount: Amount
    currency: Currency
    method: str = Field(description="As it was said.", examples=["momo"])
    interval: Interval
    status: SubscriptionStatus
    status_reason: str | None
    next_renewal_at: Moment | None
    start_date: Moment
    trial_end: Moment | None
    cancel_at_period_end: bool
    ends_at: Moment | None
    period: Count
    current_period_start: Moment
    current_period_end: Moment
    latest_invoice_id: str | None
    metadata: dict[str, Any]
    created_at: Moment
    updated_at: Moment


class ListedSubscription(Subscription):
    """With what its customer is called; null where that is not known."""

    customer_name: str | None


class Subscriptions(Shape):
    """A page of subscriptions."""

    subscriptions: list[Subscription]
    pagination: Pagination


class SubscriptionsExport(Shape):
    """Every subscription that was asked for."""

    subscriptions: list[ListedSubscription]
    total: Count


def subscription_of(
    subscription: SubscriptionAggregate | SubscriptionRecord, org_id: str
) -> dict[str, Any]:
    """A subscription, as a command leaves it or as the views know it."""
    if isinstance(subscription, SubscriptionRecord):
        subscription_id = subscription.subscription_id
    else:
        subscription_id = subscription.id
    return {
        "id": subscription_id,
        "org_id": org_id,
        "customer_id": subscription.customer_id,
        **subscription.plan,
        "status": subscription.status,
        "status_reason": subscription.status_reason,
        "next_renewal_at": subscription.next_renewal_at,
        "start_date": subscription.starts_at,
        "trial_end": subscription.trial_end,
        "cancel_at_period_end": subscription.cancel_at_period_end,
        "ends_at": subscription.ends_at,
        "period": subscription.period,
        "current_period_start": subscription.period_start,
        "current_period_end": subscription.period_end,
        "latest_invoice_id": subscription.latest_invoice_id,
        "created_at": subscription.created_at,
        "updated_at": subscription.updated_at,
    }
