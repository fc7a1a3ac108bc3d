"""Webhook endpoints: any number of addresses that are told what happens, each in its own way."""

from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.http.told_addresses import must_be_allowed
from api.resources.webhook_endpoints import (
    Endpoint,
    EndpointInFull,
    Endpoints,
    backlog_of,
)
from api.webhooks.deliveries import backlog_at
from api.webhooks.secrets import ENDPOINT
from api.webhooks.shown_endpoints import shown
from commands import webhook_endpoints as commands
from commands.webhook_bodies import RegisterEndpoint, RotateSecret, UpdateEndpoint

command_router = new_router("webhooks")
query_router = new_router("webhooks")
READ, WRITE = needs("webhooks:read"), needs("webhooks:write")


@command_router.post(
    "/v1/webhooks/endpoints",
    status_code=201,
    response_model=Endpoint,
    dependencies=[WRITE],
    openapi_extra=example(
        name="warehouse", url="https://warehouse.example/in", events=["payment.succeeded"]
    ),
)
async def register_endpoint(request: ApiRequest, command: RegisterEndpoint) -> Response:
    """It is told what happens from now on, or from the position or moment where it ``begin``s."""
    must_be_allowed(request, command.url)
    return await request.decide(commands.register_endpoint, command, show=ENDPOINT, status=201)


@command_router.patch(
    "/v1/webhooks/endpoints/{endpoint_id}",
    response_model=Endpoint,
    dependencies=[WRITE],
    openapi_extra=example(events=["payment.*"]),
)
async def update_endpoint(
    request: ApiRequest, endpoint_id: str, command: UpdateEndpoint
) -> Response:
    """What waits goes where it is then, filtered as it is then."""
    must_be_allowed(request, command.url)
    return await request.decide(commands.update_endpoint, endpoint_id, command, show=ENDPOINT)


@command_router.delete(
    "/v1/webhooks/endpoints/{endpoint_id}", status_code=204, dependencies=[WRITE]
)
async def remove_endpoint(request: ApiRequest, endpoint_id: str) -> Response:
    """It is told nothing any more, also of what waited for it."""
    return await request.decide(commands.remove_endpoint, endpoint_id)


@command_router.post(
    "/v1/webhooks/endpoints/{endpoint_id}/enable", response_model=Endpoint, dependencies=[WRITE]
)
async def enable_endpoint(request: ApiRequest, endpoint_id: str) -> Response:
    """It goes on where it stopped: nothing is left out."""
    return await request.decide(commands.enable_endpoint, endpoint_id, show=ENDPOINT)


@command_router.post(
    "/v1/webhooks/endpoints/{endpoint_id}/disable", response_model=Endpoint, dependencies=[WRITE]
)
async def disable_endpoint(request: ApiRequest, endpoint_id: str) -> Response:
    """It is told nothing for now, and nothing is lost."""
    return await request.decide(commands.disable_endpoint, endpoint_id, show=ENDPOINT)


@command_router.post(
    "/v1/webhooks/endpoints/{endpoint_id}/rotate",
    response_model=Endpoint,
    dependencies=[WRITE],
    openapi_extra=example(previous_for_hours=24),
)
async def rotate_secret(request: ApiRequest, endpoint_id: str, command: RotateSecret) -> Response:
    """A new secret signs from now on; in ``webhook-signature`` the one before does as well."""
    return await request.decide(commands.rotate_secret, endpoint_id, command, show=ENDPOINT)


@query_router.get(
    "/v1/webhooks/endpoints", response_model=Endpoints, dependencies=[READ, PRESENT_ONLY]
)
async def list_endpoints(request: ApiRequest) -> Response:
    """All of them, the newest first."""
    found = await request.perform(commands.list_endpoints)
    return answer({"endpoints": await shown(request, found)})


@query_router.get(
    "/v1/webhooks/endpoints/{endpoint_id}",
    response_model=EndpointInFull,
    dependencies=[READ, PRESENT_ONLY],
)
async def show_endpoint(request: ApiRequest, endpoint_id: str) -> Response:
    """Where it is, what it is told, and what waits for it."""
    endpoint = await request.perform(commands.show_endpoint, endpoint_id)
    [body] = await shown(request, [endpoint])
    waits = await backlog_at(request, endpoint)
    return answer(body | {"backlog": backlog_of(waits, tells=request.reads_customers)})
