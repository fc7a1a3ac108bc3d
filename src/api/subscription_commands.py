"""What may be asked to be done about subscriptions."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from api.bodies.subscriptions import Subscription
from api.http.request import ApiRequest
from api.http.routing import needs, new_router
from api.renderings import subscriptions as rendering
from commands import subscriptions as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.subscriptions import (
    CancelSubscription,
    CreateSubscription,
    PauseSubscription,
    ResumeSubscription,
    UpdateSubscription,
)
from domain.subscription import Subscription as SubscriptionAggregate

router = new_router("subscriptions")
WRITE = needs("subscriptions:write")


@router.post(
    "/v1/subscriptions", status_code=201, response_model=Subscription, dependencies=[WRITE]
)
async def create_subscription(request: ApiRequest, command: CreateSubscription) -> Response:
    """The first period begins, and is billed, at once; the next ones when their time comes."""
    return await _decide(
        request, lambda work: commands.create_subscription(work, command), status=201
    )


@router.patch(
    "/v1/subscriptions/{subscription_id}", response_model=Subscription, dependencies=[WRITE]
)
async def update_subscription(
    request: ApiRequest, subscription_id: str, command: UpdateSubscription
) -> Response:
    """Another plan, amount or interval goes from the next invoice on."""
    return await _decide(
        request, lambda work: commands.update_subscription(work, subscription_id, command)
    )


@router.post(
    "/v1/subscriptions/{subscription_id}/pause", response_model=Subscription, dependencies=[WRITE]
)
async def pause_subscription(
    request: ApiRequest, subscription_id: str, command: PauseSubscription
) -> Response:
    """Nothing is billed for the time it is paused."""
    return await _decide(
        request, lambda work: commands.pause_subscription(work, subscription_id, command)
    )


@router.post(
    "/v1/subscriptions/{subscription_id}/resume", response_model=Subscription, dependencies=[WRITE]
)
async def resume_subscription(
    request: ApiRequest,
    subscription_id: str,
    command: ResumeSubscription,  # noqa: ARG001 (its body says nothing)
) -> Response:
    """Only a paused one: it goes on with the period that begins next."""
    return await _decide(request, lambda work: commands.resume_subscription(work, subscription_id))


@router.post(
    "/v1/subscriptions/{subscription_id}/cancel", response_model=Subscription, dependencies=[WRITE]
)
async def cancel_subscription(
    request: ApiRequest, subscription_id: str, command: CancelSubscription
) -> Response:
    """For good. What was billed until then stays owed."""
    return await _decide(
        request, lambda work: commands.cancel_subscription(work, subscription_id, command)
    )


async def _decide(
    request: ApiRequest,
    change: Callable[[UnitOfWork], Awaitable[SubscriptionAggregate]],
    *,
    status: int = 200,
) -> Response:
    async def decide(work: UnitOfWork) -> tuple[int, Any]:
        return status, rendering.of_aggregate(await change(work), org_id=work.org_id)

    return await request.decide(decide)
