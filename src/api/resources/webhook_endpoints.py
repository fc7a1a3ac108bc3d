"""The webhook endpoint resource: where the merchant is told what happens."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Count, Moment, Shape
from delivery.webhooks.backlog import Backlog
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


class ReplayUnderWay(Shape):
    """How far it is: from ``position``, which is done, to ``until``."""

    id: str = Field(examples=["rpl_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    position: int | None
    until: int | None


class EndpointBacklog(Shape):
    """What waits for it; unless ``waiting_is_exact`` there is at least so much.

    To keys without ``customers:read`` positions are null, and what happened to customers
    themselves is not counted.
    """

    position: int | None
    waiting: Count
    waiting_is_exact: bool
    waiting_since: Moment | None
    failed: Count
    down_since: Moment | None
    next_probe_at: Moment | None
    last_error: str | None
    replays: list[ReplayUnderWay]


class EndpointInFull(Endpoint):
    """With what waits for it."""

    backlog: EndpointBacklog


class Endpoints(Shape):
    """All of them, the newest first."""

    endpoints: list[Endpoint]


class Deleted(Shape):
    """It is gone."""

    status: Literal["deleted"]


class Tested(Shape):
    """It was taken."""

    status: Literal["ok"]
    response_code: int
    milliseconds: int


def endpoint_state_of(endpoint: WebhookEndpoint, org_id: str) -> dict[str, Any]:
    status = "active" if endpoint.enabled else "disabled"
    return EndpointState.of(endpoint, org_id=org_id, status=status)


def endpoint_of(endpoint: WebhookEndpoint, org_id: str) -> dict[str, Any]:
    """As it may be stored: with its secret as it is sealed."""
    return endpoint_state_of(endpoint, org_id) | {"signing_secret": endpoint.sealed_secret}


def backlog_of(backlog: Backlog, *, tells: bool) -> dict[str, Any]:
    """``tells``: whether to somebody who may know who customers are."""
    return {
        "position": backlog.position if tells else None,
        "waiting": backlog.waiting,
        "waiting_is_exact": backlog.is_exact,
        "waiting_since": backlog.since,
        "failed": backlog.failed,
        "down_since": backlog.down_since or None,
        "next_probe_at": backlog.next_probe_at or None,
        "last_error": backlog.error or None,
        "replays": [
            {
                "id": each.cursor,
                "position": each.position if tells else None,
                "until": each.until if tells else None,
            }
            for each in backlog.replays
        ],
    }
