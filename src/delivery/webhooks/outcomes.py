"""Outcomes: what becomes of a delivery by what was answered."""

from datetime import datetime, timedelta
from typing import Final

from delivery.cursors import Attempt
from delivery.webhooks.delivery_ids import PROBE
from delivery.webhooks.health import Health
from delivery.webhooks.lanes import Delivery, Lanes
from delivery.webhooks.sender import GONE, UNRENDERED, Result
from delivery.webhooks.services import Rules
from ledger.clock import written

# What counted, and what did not: then the endpoint was down, and it is nobody's attempt.
DELIVERED: Final = "delivered"
FAILED: Final = "failed"
RETURNED: Final = "returned"

# From each attempt to the next; the fifth is the last.
_PAUSES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
)


def settle(
    delivery: Delivery,
    result: Result,
    now: datetime,
    *,
    lanes: Lanes,
    health: Health | None,
    rules: Rules,
    is_probe: bool,
) -> str:
    """What it counts as. ``health``: of the endpoint, None when it went to a link's own address."""
    if result.succeeded:
        _note(lanes, delivery, result, now)
        lanes.delivered(delivery)
        if health is not None:
            health.succeeded()
        return DELIVERED
    tries = 0 if health is None else health.failures
    if health is not None and _is_down(health, delivery, result, now, is_probe=is_probe):
        # What was under way besides when it went down says nothing more.
        if health.failures != tries:
            _note_try(lanes, delivery, result, now, health.failures)
        lanes.returned(delivery)
        lanes.stop_trying()
        return RETURNED
    _note(lanes, delivery, result, now)
    lanes.failed(delivery, _next_attempt_at(delivery, result, now, rules))
    return FAILED


def _is_down(
    health: Health, delivery: Delivery, result: Result, now: datetime, *, is_probe: bool
) -> bool:
    """Whether it is the endpoint that failed, and not this delivery."""
    if result.status == UNRENDERED:
        return False
    if health.is_down and not is_probe:
        return True
    if is_probe or not result.connected or result.status == GONE:
        health.is_away(result.error, now, result.pause)
    else:
        health.failed(delivery.lane, result.error, now, result.pause)
    return health.is_down


def _next_attempt_at(delivery: Delivery, result: Result, now: datetime, rules: Rules) -> str:
    """The empty text: never."""
    is_refused = 400 <= result.status < 500 and not rules.retry_4xx  # noqa: PLR2004 (as HTTP counts)
    is_last = delivery.attempts >= len(_PAUSES) or result.status == UNRENDERED
    if is_refused or is_last:
        return ""
    return written(now + max(_PAUSES[delivery.attempts], result.pause or timedelta(0)))


def _note(lanes: Lanes, delivery: Delivery, result: Result, now: datetime) -> None:
    cursor, number = lanes.cursor.cursor, delivery.attempts + 1
    lanes.changes.attempts.append(_attempt(lanes, delivery, result, now, cursor, number))


def _note_try(lanes: Lanes, delivery: Delivery, result: Result, now: datetime, number: int) -> None:
    """One that is nobody's attempt: which it is since the endpoint is down."""
    lanes.changes.attempts.append(_attempt(lanes, delivery, result, now, PROBE, number))


def _attempt(
    lanes: Lanes, delivery: Delivery, result: Result, now: datetime, cursor: str, number: int
) -> Attempt:
    return Attempt(
        lanes.cursor.book,
        lanes.cursor.follower,
        cursor,
        delivery.position,
        number,
        written(now),
        result.url,
        max(result.status, 0),
        result.response,
        result.milliseconds,
        result.error,
    )
