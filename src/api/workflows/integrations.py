"""Integrations of workflows: commands and queries."""

import asyncio
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo200, list_answer, page_of
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.resources.workflows import Integration, Integrations, integration_of
from commands import integrations as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.integrations import CreateIntegration, UpdateIntegration
from delivery.workflows import executions
from delivery.workflows.offered import check_integration
from domain.integration import Integration as IntegrationAggregate
from domain.integration import IntegrationType

command_router = new_router("workflows")
query_router = new_router("workflows")
READ, WRITE = needs("workflows:read"), needs("workflows:write")


class ListIntegrations(PageRequest):
    limit: UpTo200 = 50
    type: IntegrationType | None = None


def _body(work: UnitOfWork, integration: IntegrationAggregate) -> dict[str, Any]:
    return integration_of(integration, work.org_id)


@command_router.post(
    "/v1/workflows/integrations",
    status_code=201,
    response_model=Integration,
    dependencies=[WRITE],
    openapi_extra=example(
        type="email",
        provider="smtp",
        name="Our mail server",
        config={
            "host": "smtp.shop.example",
            "port": 587,
            "tls": "starttls",
            "from": "Kente Shop <hello@shop.example>",
            "username": "hello@shop.example",
        },
        credentials={"password": "a secret"},
    ),
)
async def create_integration(request: ApiRequest, command: CreateIntegration) -> Response:
    """The first one of its type is the one that is meant where a workflow names none."""

    async def create(work: UnitOfWork, command: CreateIntegration) -> IntegrationAggregate:
        _check(request, command.type, command.provider, command.config, command.credentials)
        return await commands.create_integration(work, command)

    return await request.decide(create, command, show=_body, status=201)


@command_router.put(
    "/v1/workflows/integrations/{integration_id}",
    response_model=Integration,
    dependencies=[WRITE],
    openapi_extra=example(status="inactive"),
)
async def update_integration(
    request: ApiRequest, integration_id: str, command: UpdateIntegration
) -> Response:
    """Fields left out stay as they are; `config` and `credentials` are whole when they are sent."""

    async def update(
        work: UnitOfWork, integration_id: str, command: UpdateIntegration
    ) -> IntegrationAggregate:
        changed = await commands.update_integration(work, integration_id, command)
        credentials = commands.credentials_of(work.keyring, work.book, changed)
        _check(request, changed.type, changed.provider, changed.config, credentials)
        return changed

    return await request.decide(update, integration_id, command, show=_body)


@command_router.delete(
    "/v1/workflows/integrations/{integration_id}", status_code=204, dependencies=[WRITE]
)
async def remove_integration(request: ApiRequest, integration_id: str) -> Response:
    """Nothing leaves through it any more."""
    return await request.decide(commands.remove_integration, integration_id)


@command_router.post(
    "/v1/workflows/integrations/{integration_id}/default",
    response_model=Integration,
    dependencies=[WRITE],
)
async def make_default_integration(request: ApiRequest, integration_id: str) -> Response:
    """The one that is meant of its type where a workflow names none; only one of them is."""
    return await request.decide(commands.make_default_integration, integration_id, show=_body)


@query_router.get(
    "/v1/workflows/integrations", response_model=Integrations, dependencies=[READ, PRESENT_ONLY]
)
async def list_integrations(
    request: ApiRequest, query: Annotated[ListIntegrations, Query()]
) -> Response:
    """Newest first."""
    integrations = await request.perform(commands.list_integrations)
    found = [each for each in integrations if query.type in (None, each.type)]
    page = page_of(found, query, lambda integration: integration.id)
    used = {each.id: await _last_use(request, each) for each in page.rows}
    return list_answer(
        request,
        "integrations",
        page,
        query,
        lambda each: integration_of(each, request.org_id, **used[each.id]),
    )


@query_router.get(
    "/v1/workflows/integrations/{integration_id}",
    response_model=Integration,
    dependencies=[READ, PRESENT_ONLY],
)
async def show_integration(request: ApiRequest, integration_id: str) -> Response:
    """All of one integration but what is needed to log in."""
    integration = await request.perform(commands.show_integration, integration_id)
    used = await _last_use(request, integration)
    return answer(integration_of(integration, request.org_id, **used))


async def _last_use(request: ApiRequest, integration: IntegrationAggregate) -> dict[str, Any]:
    """When a message last left through it, and whether any would."""
    engine, book = request.dependencies.ledger.engine, request.book_name
    last = await asyncio.to_thread(executions.last_use, engine, book, integration.id)
    status = "error" if last.failed and integration.is_usable else integration.status
    return {"last_used_at": last.completed_at or None, "status": status}


def _check(
    request: ApiRequest,
    type_: str,
    provider: str,
    config: dict[str, Any],
    credentials: dict[str, Any],
) -> None:
    """Raises BadIntegration for what no message could be sent with."""
    dependencies = request.dependencies
    check_integration(
        type_,
        provider,
        config,
        credentials,
        mode=request.caller.mode,
        allowed_networks=dependencies.delivery_networks,
        allow_insecure=dependencies.allow_insecure_webhooks,
    )
