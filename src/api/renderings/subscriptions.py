"""How a subscription, as a command leaves it or as the views know it, becomes an answer."""

from typing import Any

from api.renderings.values import moment
from commands.retry_policies import PolicyInForce
from domain.subscription import Subscription
from projections.subscriptions import SubscriptionRecord


def of_aggregate(subscription: Subscription, *, org_id: str) -> dict[str, Any]:
    return _whole(subscription.id, subscription, org_id)


def of_record(subscription: SubscriptionRecord, *, org_id: str) -> dict[str, Any]:
    return _whole(subscription.subscription_id, subscription, org_id)


def of_policy(found: PolicyInForce) -> dict[str, Any]:
    return {"plan_id": found.plan_id, **found.policy, "is_default": found.is_default}


def _whole(
    subscription_id: str, subscription: Subscription | SubscriptionRecord, org_id: str
) -> dict[str, Any]:
    return {
        "id": subscription_id,
        "org_id": org_id,
        "customer_id": subscription.customer_id,
        **subscription.plan,
        "status": subscription.status,
        "status_reason": subscription.status_reason,
        "next_renewal_at": moment(subscription.next_renewal_at),
        "period": subscription.period,
        "current_period_start": moment(subscription.period_start),
        "current_period_end": moment(subscription.period_end),
        "latest_invoice_id": subscription.latest_invoice_id,
        "created_at": moment(subscription.created_at),
        "updated_at": moment(subscription.updated_at),
    }
