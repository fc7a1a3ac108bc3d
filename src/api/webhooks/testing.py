"""Testing an endpoint: one message, signed as all are, and what was answered."""

from typing import Any

from starlette.responses import Response

from api.http.errors import ApiError
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import needs, new_router
from api.resources.webhook_endpoints import Tested
from commands import webhook_endpoints as commands
from commands.webhook_endpoints import NoWebhookConfig
from delivery.webhooks.test_messages import send_test
from domain.webhook_endpoint import WebhookEndpoint

router = new_router("webhooks")
WRITE = needs("webhooks:write")


class NotDelivered(ApiError):  # noqa: N818 (an answer, not a fault of ours)
    """502: whoever should have taken it did not."""

    def __init__(self, reason: str, http_status: int) -> None:
        super().__init__(
            502,
            "delivery_failed",
            "webhook_delivery_failed",
            reason,
            {"http_status": http_status or None},
        )


@router.post("/v1/webhooks/test", response_model=Tested, responses={502: {}}, dependencies=[WRITE])
async def test_webhook(request: ApiRequest) -> Response:
    """Sends ``reevit.webhook.test`` to the webhook of the config; 502 says why it was not taken."""
    try:
        endpoint = await request.perform(commands.show_webhook_config)
    except NoWebhookConfig as none:
        raise ApiError(400, "validation_error", none.code, none.message) from None
    return await _tested(request, endpoint)


@router.post(
    "/v1/webhooks/endpoints/{endpoint_id}/test",
    response_model=Tested,
    responses={502: {}},
    dependencies=[WRITE],
)
async def test_endpoint(request: ApiRequest, endpoint_id: str) -> Response:
    """The same for any endpoint, whether it is enabled or not."""
    return await _tested(request, await request.perform(commands.show_endpoint, endpoint_id))


async def _tested(request: ApiRequest, endpoint: WebhookEndpoint) -> Response:
    parts = request.dependencies
    async with parts.test_messages.turn(request.org_id):
        result = await send_test(
            endpoint,
            request.book,
            keyring=parts.handler.keyring,
            ids=parts.handler.ids,
            now=parts.handler.clock(),
            allowed_networks=parts.delivery_networks,
        )
    if not result.succeeded:
        raise NotDelivered(result.error, result.status)
    told: dict[str, Any] = {"status": "ok", "milliseconds": result.milliseconds}
    return answer(told | {"response_code": result.status})
