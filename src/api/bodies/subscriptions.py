"""What subscriptions look like from outside."""

from typing import Any, Literal

from pydantic import Field

from api.bodies.shapes import Amount, Count, Currency, Moment, Pagination, Shape
from domain.subscription import Interval, SubscriptionStatus


class Subscription(Shape):
    """A plan a customer pays period after period; ``period`` counts those billed until now."""

    id: str = Field(examples=["sub_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    customer_id: str
    plan_id: str = Field(examples=["plan_premium"])
    amount: Amount
    currency: Currency
    method: str = Field(description="As it was said.", examples=["momo"])
    interval: Interval
    status: SubscriptionStatus
    status_reason: str | None = Field(description="Why it is paused or canceled.")
    next_renewal_at: Moment | None = Field(description="Null while nothing will be billed.")
    period: Count
    current_period_start: Moment
    current_period_end: Moment
    latest_invoice_id: str | None
    metadata: dict[str, Any]
    created_at: Moment
    updated_at: Moment


class Subscriptions(Shape):
    """A page of subscriptions."""

    subscriptions: list[Subscription]
    pagination: Pagination


class RetryPolicy(Shape):
    """When a failed payment of a subscription is tried again, and what follows the last try."""

    plan_id: str | None = Field(description="Whose policy it is; null: the organization's.")
    delays: list[str] = Field(examples=[["15m", "1h", "24h"]])
    max_retries: Count
    when_used_up: Literal["pause", "cancel"]
    is_default: bool = Field(description="Nobody has set one.")
