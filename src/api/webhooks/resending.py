"""Resending: a delivery, all of an endpoint that failed, or a range of facts as a replay."""

import asyncio
from contextlib import suppress
from typing import Any, Final

import orjson
from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.routing import example, needs, new_router
from api.resources.outbound import (
    OutboundWebhook,
    Replay,
    Resent,
    outbound_of,
    replay_in,
    replay_of,
)
from api.webhooks.deliveries import (
    DeliveryNotFound,
    asked,
    delivery_of,
    key_of,
)
from api.webhooks.told_topics import may_be_told_of
from commands import webhook_endpoints as commands
from commands import webhook_replays
from commands.handling.unit_of_work import UnitOfWork
from commands.webhook_bodies import ReplayWebhooks
from commands.webhook_replays import PlannedReplay
from delivery.webhooks.backlog import replays_under_way
from delivery.webhooks.outbound import Outbound
from delivery.webhooks.resending import replay, resend, resend_failed
from domain.errors import Conflict, NotFound
from domain.event_types import type_of
from ledger.clock import written

router = new_router("webhooks")
WRITE: Final = needs("webhooks:write")
_ACCEPTED: Final = 202
# Each is a cursor of its own.
_MOST_REPLAYS: Final = 20


class TooManyReplays(Conflict):
    code = "too_many_replays"

    def __init__(self) -> None:
        super().__init__(f"{_MOST_REPLAYS} ranges are being told again: wait for one of them")


@router.post(
    "/v1/webhooks/outbound/{delivery_id}/resend",
    status_code=202,
    response_model=OutboundWebhook,
    dependencies=[WRITE],
)
async def resend_delivery(request: ApiRequest, delivery_id: str) -> Response:
    """Sends it once more, at once: with the same ``id``, and the object as it was then."""
    key, parts = key_of(delivery_id), request.dependencies
    await request.perform(commands.show_endpoint, key.follower)
    stored = await asyncio.to_thread(parts.ledger.read_at, request.book_name, [key.position])
    topic = stored[0].topic if stored else ""
    if type_of(topic) is None or not may_be_told_of(request, topic):
        raise DeliveryNotFound(delivery_id)
    moment = written(parts.handler.clock())

    async def send_again(_work: UnitOfWork) -> Outbound:
        engine = parts.ledger.engine
        live = await asyncio.to_thread(resend, engine, stored[0], key.follower, moment)
        return await delivery_of(request, live, delivery_id)

    def show(_work: UnitOfWork, found: Outbound) -> dict[str, Any]:
        return outbound_of(found, request.book_name, tells=True)

    return await request.decide(send_again, show=show, status=_ACCEPTED, reaches_outside=True)


@router.post(
    "/v1/webhooks/endpoints/{endpoint_id}/resend",
    status_code=202,
    response_model=Resent,
    dependencies=[WRITE],
)
async def resend_all_that_failed(request: ApiRequest, endpoint_id: str) -> Response:
    """Sends all that were given up once more, in their order for each customer."""
    endpoint = await request.perform(commands.show_endpoint, endpoint_id)
    parts, moment = request.dependencies, written(request.dependencies.handler.clock())
    engine, book = parts.ledger.engine, request.book_name

    async def send_again(_work: UnitOfWork) -> int:
        return await asyncio.to_thread(resend_failed, engine, book, endpoint.id, moment)

    def show(_work: UnitOfWork, count: int) -> dict[str, Any]:
        return {"resent": count}

    return await request.decide(send_again, show=show, status=_ACCEPTED, reaches_outside=True)


@router.post(
    "/v1/webhooks/replay",
    status_code=202,
    response_model=Replay,
    responses={404: {}},
    dependencies=[WRITE],
    openapi_extra=example(endpoint="default", **{"from": 1}),
)
async def replay_webhooks(request: ApiRequest, command: ReplayWebhooks) -> Response:
    """Tells a range of facts again, marked ``replay``, beside what happens meanwhile."""
    book = request.book_name

    async def plan_replay(work: UnitOfWork, command: ReplayWebhooks) -> PlannedReplay:
        if await asked(request, lambda db: replays_under_way(db, book)) >= _MOST_REPLAYS:
            raise TooManyReplays
        return await webhook_replays.plan_replay(work, command)

    def show(_work: UnitOfWork, plan: PlannedReplay) -> dict[str, Any]:
        return replay_of(plan)

    response = await request.decide(plan_replay, command, show=show, status=_ACCEPTED)
    if response.status_code == _ACCEPTED:
        # Also what is answered from memory: whoever answered first may not have come to this.
        plan = replay_in(orjson.loads(response.body))
        with suppress(NotFound):
            await request.perform(commands.show_endpoint, plan.endpoint_id)
            await asyncio.to_thread(replay, request.dependencies.ledger.engine, book, plan)
    return response
