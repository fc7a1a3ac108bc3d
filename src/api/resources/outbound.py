"""The outbound resource: what an endpoint was told, or is to be told, and how that went."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Count, Moment, Shape
from commands.webhook_replays import PlannedReplay
from delivery.cursors import Attempt
from delivery.envelopes import event_id
from delivery.webhooks.backlog import OutboundCounts
from delivery.webhooks.delivery_ids import LIVE, delivery_id
from delivery.webhooks.outbound import Outbound
from domain.event_types import event_of, type_of

DeliveryStatus = Literal["pending", "delivering", "succeeded", "failed"]


class OutboundWebhook(Shape):
    """A delivery; ``target_url`` is where it went last, null before it was ever sent.

    ``position`` is null to keys without ``customers:read``.
    """

    id: str = Field(examples=["evtd_01hxa2b3c4d5e6f7g8h9jkmnpq2f"])
    endpoint_id: str
    event_id: str
    event: str
    event_type: str
    position: int | None
    replay: bool
    status: DeliveryStatus
    target_url: str | None
    url: str | None
    attempts: Count
    attempt_count: Count
    response_code: int | None
    last_error: str | None
    next_attempt_at: Moment | None
    last_attempt_at: Moment | None
    delivered_at: Moment | None
    created_at: Moment
    updated_at: Moment


class OutboundExport(Shape):
    """Every delivery that was asked for."""

    deliveries: list[OutboundWebhook]
    total: Count


class DeliveryAttempt(Shape):
    """One time that it was sent; ``response_code`` null: nobody answered.

    ``response`` is null to keys without ``customers:read``: many an answer repeats what it was
    told.
    """

    attempt: int
    at: Moment
    url: str
    response_code: int | None
    response: str | None
    milliseconds: int
    error: str | None


class OutboundWebhookInFull(OutboundWebhook):
    """With each attempt, for as long as these are kept."""

    history: list[DeliveryAttempt]


class OutboundFigures(Shape):
    """``succeeded`` and ``retry_count`` of seven days, the others as they stand.

    Unless ``pending_is_exact`` there are at least so many ``pending``: what endpoints have not come
    to is among them.
    """

    total: Count
    succeeded: Count
    failed: Count
    pending: Count
    pending_is_exact: bool
    delivering: Count
    retry_count: Count
    success_rate: float


class OutboundStats(Shape):
    """How deliveries go."""

    stats: OutboundFigures


class Resent(Shape):
    """How many are sent again."""

    resent: Count


class Replay(Shape):
    """A range of facts that is told again, from and to a position, both included."""

    id: str = Field(examples=["rpl_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    endpoint_id: str
    start: int = Field(alias="from")
    until: int


def outbound_of(told: Outbound, book: str, *, tells: bool) -> dict[str, Any]:
    """``tells``: whether to somebody who may know who customers are."""
    type_, at = type_of(told.topic) or told.topic, told.at or None
    return {
        "id": delivery_id(*told.key),
        "endpoint_id": told.key.follower,
        "event_id": event_id(book, told.key.position),
        "event": event_of(type_),
        "event_type": type_,
        "position": told.key.position if tells else None,
        "replay": told.key.cursor != LIVE,
        "status": told.status,
        "target_url": told.url or None,
        "url": told.url or None,
        "attempts": told.attempts,
        "attempt_count": told.attempts,
        "response_code": told.http_status or None,
        "last_error": told.error or None,
        "next_attempt_at": told.next_attempt_at or None,
        "last_attempt_at": at,
        "delivered_at": at if told.has_arrived else None,
        "created_at": told.recorded_at,
        "updated_at": at or told.recorded_at,
    }


def replay_of(plan: PlannedReplay) -> dict[str, Any]:
    return {
        "id": plan.id,
        "endpoint_id": plan.endpoint_id,
        "from": plan.first,
        "until": plan.last,
    }


def replay_in(told: dict[str, Any]) -> PlannedReplay:
    """The one that was told so."""
    return PlannedReplay(told["id"], told["endpoint_id"], told["from"], told["until"])


def figures_of(counts: OutboundCounts) -> dict[str, Any]:
    decided = counts.succeeded + counts.failed
    return {
        "total": decided + counts.pending + counts.delivering,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "pending": counts.pending,
        "pending_is_exact": counts.is_exact,
        "delivering": counts.delivering,
        "retry_count": counts.retries,
        "success_rate": counts.succeeded / decided if decided else 0.0,
    }


def attempt_of(made: Attempt, *, tells: bool) -> dict[str, Any]:
    """``tells``: whether to somebody who may know who customers are."""
    return DeliveryAttempt.of(
        made,
        response_code=made.http_status or None,
        response=made.response if tells else None,
        error=made.error or None,
    )
