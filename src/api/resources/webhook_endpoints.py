"""The webhook endpoint resource: where the merchant is told what happens."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Moment, Shape
from domain.webhook_endpoint import WebhookEndpoint


class EndpointState(Shape):
    """An endpoint as everybody may be told of it: without its secret."""

    id: str = Field(examples=["we_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    name: str
    url: str
    events: list[str]
    metadata: dict[str, Any]
    enabled: bool
    status: Literal["active", "disabled"]
    disabled_reason: Literal["by_hand", "gone", "failing"] | None
    disabled_at: Moment | None
    failing_since: Moment | None
    created_at: Moment
    updated_at: Moment


class Endpoint(EndpointState):
    """``signing_secret`` is told to keys that may change it (``webhooks:write``)."""

    signing_secret: str | None


class Endpoints(Shape):
    """All of them, the newest first."""

    endpoints: list[Endpoint]


class Deleted(Shape):
    """It is gone."""

    status: Literal["deleted"]


def endpoint_state_of(endpoint: WebhookEndpoint, org_id: str) -> dict[str, Any]:
    status = "active" if endpoint.enabled else "disabled"
    return EndpointState.of(endpoint, org_id=org_id, status=status)


def endpoint_of(endpoint: WebhookEndpoint, org_id: str) -> dict[str, Any]:
    """As it may be stored: with its secret as it is sealed."""
    return endpoint_state_of(endpoint, org_id) | {"signing_secret": endpoint.sealed_secret}
