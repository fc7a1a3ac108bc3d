"""The webhook endpoint resource: where the merchant is told what happens."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Moment, Shape
from domain.webhook_endpoint import WebhookEndpoint


class EndpointState(Shape):
    """An endpoint as everybody may be told of it: without its secret."""

    id: str = Field(examples=["we_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    name: str = Field(examples=["default"])
    url: str = Field(examples=["https://shop.example/webhooks"])
    events: list[str] = Field(
        description="Events, types, or beginnings of them (`payment.*`); none listed: all.",
        examples=[["payment.*", "customer.updated"]],
    )
    metadata: dict[str, Any]
    enabled: bool
    status: Literal["active", "disabled"]
    disabled_reason: Literal["by_hand", "gone", "failing"] | None
    disabled_at: Moment | None
    failing_since: Moment | None = Field(
        description="Since when nothing has reached it, once that was worth a warning."
    )
    created_at: Moment
    updated_at: Moment


def endpoint_state_of(endpoint: WebhookEndpoint, org_id: str) -> dict[str, Any]:
    status = "active" if endpoint.enabled else "disabled"
    return EndpointState.of(endpoint, org_id=org_id, status=status)
