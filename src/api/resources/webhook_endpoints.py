"""The webhook endpoint resource: where the merchant is told what happens."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Count, Moment, Shape
from delivery.cursors import Attempt
from delivery.webhooks.backlog import Backlog
from delivery.webhooks.delivery_ids import LIVE, delivery_id
from delivery.webhooks.waiting import Waits
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


class Try(Shape):
    """One time that something was sent while the endpoint was down: no attempt of the delivery.

    ``response`` is null to keys without ``customers:read``.
    """

    at: Moment
    delivery_id: str = Field(examples=["evtd_01hxa2b3c4d5e6f7g8h9jkmnpq2f"])
    url: str
    response_code: int | None
    response: str | None
    milliseconds: int
    error: str | None


class EndpointBacklog(Shape):
    """What waits for it; unless ``waiting_is_exact`` there is at least so much.

    While nothing reaches it, ``down_since`` says since when, ``next_probe_at`` when it is tried
    again, ``last_error`` why, and ``tries`` are the latest, the newest first.

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
    tries: list[Try]
    replays: list[ReplayUnderWay]


class EndpointInFull(Endpoint):
    """With what waits for it."""

    backlog: EndpointBacklog


class ListedEndpoint(Endpoint):
    """With how much waits for it; unless ``waiting_is_exact`` there is at least so much."""

    waiting: Count
    waiting_is_exact: bool


class Endpoints(Shape):
    """All of them, the newest first."""

    endpoints: list[ListedEndpoint]


class Deleted(Shape):
    """It is gone."""

    status: Literal["deleted"]


class Tested(Shape):
    """It was taken: the body that was ``sent``, and the beginning of what was answered."""

    status: Literal["ok"]
    response_code: int
    milliseconds: int
    url: str
    sent: str
    response: str


def endpoint_state_of(endpoint: WebhookEndpoint, org_id: str) -> dict[str, Any]:
    status = "active" if endpoint.enabled else "disabled"
    return EndpointState.of(endpoint, org_id=org_id, status=status)


def endpoint_of(endpoint: WebhookEndpoint, org_id: str) -> dict[str, Any]:
    """As it may be stored: with its secret as it is sealed."""
    return endpoint_state_of(endpoint, org_id) | {"signing_secret": endpoint.sealed_secret}


def waits_of(waits: Waits) -> dict[str, Any]:
    return {"waiting": waits.number, "waiting_is_exact": waits.is_exact}


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
        "tries": [_try_of(each, tells=tells) for each in backlog.tries],
        "replays": [
            {
                "id": each.cursor.cursor,
                "position": each.cursor.position if tells else None,
                "until": each.cursor.until if tells else None,
            }
            for each in backlog.replays
        ],
    }


def _try_of(made: Attempt, *, tells: bool) -> dict[str, Any]:
    return Try.of(
        made,
        delivery_id=delivery_id(made.follower, LIVE, made.position),
        response_code=made.http_status or None,
        response=made.response if tells else None,
        error=made.error or None,
    )
