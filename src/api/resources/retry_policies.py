"""The retry policy resource."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Count, Shape
from commands.retry_policies import PolicyInForce


class RetryPolicy(Shape):
    """When a failed payment of a subscription is tried again, and what follows the last try."""

    plan_id: str | None
    delays: list[str] = Field(examples=[["15m", "1h", "24h"]])
    max_retries: Count
    when_used_up: Literal["pause", "cancel"]
    is_default: bool


def policy_of(found: PolicyInForce) -> dict[str, Any]:
    return RetryPolicy.of(found, **found.policy)
