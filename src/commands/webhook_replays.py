"""Replays: which facts an endpoint is to be told again."""

from dataclasses import dataclass
from datetime import datetime

from commands.handling.unit_of_work import UnitOfWork
from commands.webhook_bodies import Place, ReplayWebhooks
from commands.webhook_endpoints import show_endpoint
from domain.errors import NotFound, RuleBroken
from domain.webhook_endpoint import ENDPOINT_NAME, WebhookEndpoint


class NothingToReplay(RuleBroken):
    code = "validation_error"

    def __init__(self, first: int, last: int) -> None:
        super().__init__(
            f"nothing was recorded there: it would be from {first} to {last}", field="from"
        )


@dataclass(frozen=True)
class PlannedReplay:
    """From a position to another, both included."""

    id: str
    endpoint_id: str
    first: int
    last: int


async def plan_replay(work: UnitOfWork, command: ReplayWebhooks) -> PlannedReplay:
    """``until`` is the newest fact unless it is said. Refused with NothingToReplay."""
    endpoint = await _named(work, command.endpoint)
    head = await work.head()
    first = await _first(work, command.start)
    last = head if command.until is None else min(head, await _last(work, command.until))
    if not 1 <= first <= last:
        raise NothingToReplay(first, last)
    return PlannedReplay(work.ids.new("rpl"), endpoint.id, first, last)


async def _named(work: UnitOfWork, named: str) -> WebhookEndpoint:
    """By its id or its name."""
    stream = await work.owner(ENDPOINT_NAME, named)
    try:
        return await show_endpoint(work, stream or named)
    except NotFound:
        raise WebhookEndpoint.not_found(named) from None


async def _first(work: UnitOfWork, place: Place) -> int:
    """What was recorded at this very moment is in it."""
    if isinstance(place, datetime):
        return await work.position_before(place) + 1
    return max(place, 1)


async def _last(work: UnitOfWork, place: Place) -> int:
    """What was recorded at this very moment is not in it."""
    return await work.position_before(place) if isinstance(place, datetime) else place
