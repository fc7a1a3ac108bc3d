"""The webhook of an organization, as clients of today know it: the endpoint called default."""

from typing import Any

from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.http.told_addresses import must_be_allowed
from api.resources.webhook_endpoints import Deleted, Endpoint
from api.webhooks.secrets import ENDPOINT
from api.webhooks.shown_endpoints import shown
from commands import webhook_endpoints as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.webhook_bodies import SetWebhookConfig

command_router = new_router("webhooks")
query_router = new_router("webhooks")
READ, WRITE = needs("webhooks:read"), needs("webhooks:write")


@command_router.post(
    "/v1/webhooks/config",
    status_code=201,
    response_model=Endpoint,
    dependencies=[WRITE],
    openapi_extra=example(url="https://shop.example/webhooks", events=["payment.*"]),
)
async def set_webhook_config(request: ApiRequest, command: SetWebhookConfig) -> Response:
    """Sets up the one webhook, or moves it: its secret and what waits for it stay."""
    must_be_allowed(request, command.url)
    return await request.decide(commands.set_webhook_config, command, show=ENDPOINT, status=201)


@command_router.delete(
    "/v1/webhooks/config", response_model=Deleted, responses={404: {}}, dependencies=[WRITE]
)
async def remove_webhook_config(request: ApiRequest) -> Response:
    """It is told nothing any more; setting one up again makes another, with another secret."""

    def show(_work: UnitOfWork, _done: None) -> dict[str, Any]:
        return {"status": "deleted"}

    return await request.decide(commands.remove_webhook_config, show=show)


@query_router.get(
    "/v1/webhooks/config",
    response_model=Endpoint,
    responses={404: {}},
    dependencies=[READ, PRESENT_ONLY],
)
async def show_webhook_config(request: ApiRequest) -> Response:
    """The endpoint called ``default``; 404 before there is one."""
    endpoint = await request.perform(commands.show_webhook_config)
    [body] = await shown(request, [endpoint])
    return answer(body)
