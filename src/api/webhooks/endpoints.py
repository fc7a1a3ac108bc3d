"""Webhook endpoints: any number of addresses that are told what happens, each in its own way."""

import asyncio

from sqlalchemy import Connection
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
    waits_of,
)
from api.webhooks.deliveries import asked, tellings_of
from api.webhooks.secrets import ENDPOINT
from api.webhooks.shown_endpoints import shown
from api.webhooks.told_topics import narrowed
from commands import webhook_endpoints as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.webhook_bodies import RegisterEndpoint, RotateSecret, UpdateEndpoint
from delivery.webhooks.backlog import backlog
from delivery.webhooks.resending import retry_now
from delivery.webhooks.waiting import Waits, waits
from domain.webhook_endpoint import WebhookEndpoint
from ledger.clock import written

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
    "/v1/webhooks/endpoints/{endpoint_id}/retry", response_model=Endpoint, dependencies=[WRITE]
)
async def retry_endpoint(request: ApiRequest, endpoint_id: str) -> Response:
    """Tries it at once: what is to be tried again later is due now.

    Where nothing reaches it, one delivery is sent, and all that waits follows if that is taken.
    """
    engine, book = request.dependencies.ledger.engine, request.book_name

    async def retry(work: UnitOfWork) -> WebhookEndpoint:
        endpoint = await commands.retry_endpoint(work, endpoint_id)
        await asyncio.to_thread(retry_now, engine, book, endpoint_id, written(work.now))
        return endpoint

    return await request.decide(retry, show=ENDPOINT)


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
    """All of them, the newest first, and how much waits for each."""
    found = await request.perform(commands.list_endpoints)
    tellings, known = await tellings_of(request, found), narrowed(request)
    book = request.book_name

    def waiting(db: Connection) -> list[Waits]:
        return [waits(db, book, tellings[each.id], known) for each in found]

    each_shown = zip(await shown(request, found), await asked(request, waiting), strict=True)
    return answer({"endpoints": [body | waits_of(wait) for body, wait in each_shown]})


@query_router.get(
    "/v1/webhooks/endpoints/{endpoint_id}",
    response_model=EndpointInFull,
    dependencies=[READ, PRESENT_ONLY],
)
async def show_endpoint(request: ApiRequest, endpoint_id: str) -> Response:
    """Where it is, what it is told, and what waits for it."""
    endpoint = await request.perform(commands.show_endpoint, endpoint_id)
    [body] = await shown(request, [endpoint])
    tellings, known = await tellings_of(request, [endpoint]), narrowed(request)
    book = request.book_name
    found = await asked(request, lambda db: backlog(db, book, tellings[endpoint_id], known=known))
    return answer(body | {"backlog": backlog_of(found, tells=request.reads_customers)})
