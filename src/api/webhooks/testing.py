"""Testing an endpoint: one message, signed as all are, and what was answered."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.responses import Response

from api.http.errors import ApiError
from api.http.request import ApiRequest
from api.http.routing import needs, new_router
from api.resources.webhook_endpoints import Tested
from commands import webhook_endpoints as commands
from commands.handling.unit_of_work import UnitOfWork
from delivery.webhooks import test_messages
from delivery.webhooks.test_messages import send_test
from domain.webhook_endpoint import WebhookEndpoint

router = new_router("webhooks")
WRITE = needs("webhooks:write")

_TAKEN, _NOT_TAKEN = 200, 502


@router.post("/v1/webhooks/test", response_model=Tested, responses={502: {}}, dependencies=[WRITE])
async def test_webhook(request: ApiRequest) -> Response:
    """Sends ``reevit.webhook.test`` to the webhook of the config; 502 says why it was not taken.

    Either way it says what was ``sent``, and the beginning of the ``response``: of a refusal in its
    ``details``. A key sends one message.
    """
    return await _tested(request, commands.webhook_to_test)


@router.post(
    "/v1/webhooks/endpoints/{endpoint_id}/test",
    response_model=Tested,
    responses={502: {}},
    dependencies=[WRITE],
)
async def test_endpoint(request: ApiRequest, endpoint_id: str) -> Response:
    """The same for any endpoint, whether it is enabled or not."""
    return await _tested(request, partial(commands.show_endpoint, endpoint_id=endpoint_id))


async def _tested(
    request: ApiRequest, find: Callable[[UnitOfWork], Awaitable[WebhookEndpoint]]
) -> Response:
    # Of an attempt that lost a race: what was sent was sent.
    results: list[test_messages.Tested] = []

    async def carry_out(work: UnitOfWork) -> test_messages.Tested:
        endpoint = await find(work)
        if not results:
            results.append(await _sent(request, endpoint))
        return results[0]

    async with request.dependencies.test_messages.turn(request.org_id):
        return await request.decide(carry_out, show=_shown, status=_status, reaches_outside=True)


async def _sent(request: ApiRequest, endpoint: WebhookEndpoint) -> test_messages.Tested:
    parts = request.dependencies
    return await send_test(
        endpoint,
        request.book,
        keyring=parts.handler.keyring,
        ids=parts.handler.ids,
        now=parts.handler.clock(),
        allowed_networks=parts.delivery_networks,
    )


def _status(tested: test_messages.Tested) -> int:
    return _TAKEN if tested.result.succeeded else _NOT_TAKEN


def _shown(_: UnitOfWork, tested: test_messages.Tested) -> dict[str, Any]:
    """Whoever should have taken it and did not is said as an error is, and kept under a key."""
    body, result = tested
    seen = {"url": result.url, "sent": body, "response": result.response}
    if result.succeeded:
        counted = {"response_code": result.status, "milliseconds": result.milliseconds}
        return {"status": "ok"} | counted | seen
    return ApiError(
        _NOT_TAKEN,
        "delivery_failed",
        "webhook_delivery_failed",
        result.error,
        {"http_status": result.status or None, "milliseconds": result.milliseconds} | seen,
    ).body()
