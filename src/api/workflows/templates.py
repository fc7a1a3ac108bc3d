"""Message templates of workflows: commands and queries."""

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo200, list_answer, page_of
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.resources.workflows import Template, Templates, template_of
from api.workflows.versions import AskedVersion, as_of_version
from commands import message_templates as commands
from commands.handling.unit_of_work import UnitOfWork
from commands.message_templates import CreateTemplate, UpdateTemplate
from delivery.messages.templates import compile_template
from domain.message_template import MessageTemplate, TemplateType

command_router = new_router("workflows")
query_router = new_router("workflows")
READ, WRITE = needs("workflows:read"), needs("workflows:write")


class ListTemplates(PageRequest):
    limit: UpTo200 = 50
    type: TemplateType | None = None


def shown(template: MessageTemplate, org_id: str) -> dict[str, Any]:
    compiled = compile_template(template.subject, template.body, template.type)
    return template_of(template, org_id, sorted(compiled.names))


def _body(work: UnitOfWork, template: MessageTemplate) -> dict[str, Any]:
    return shown(template, work.org_id)


@command_router.post(
    "/v1/workflows/templates",
    status_code=201,
    response_model=Template,
    dependencies=[WRITE],
    openapi_extra=example(
        type="email",
        name="Thank you",
        subject="Thank you, {{ customer_name }}",
        body="We received {{ money }} for {{ description }}.",
    ),
)
async def create_template(request: ApiRequest, command: CreateTemplate) -> Response:
    """A variable that is not known is refused, by its name, with those there are."""

    async def create(work: UnitOfWork, command: CreateTemplate) -> MessageTemplate:
        return _checked(await commands.create_template(work, command))

    return await request.decide(create, command, show=_body, status=201)


@command_router.put(
    "/v1/workflows/templates/{template_id}",
    response_model=Template,
    dependencies=[WRITE],
    openapi_extra=example(subject="{{ customer_name }}, thank you"),
)
async def update_template(
    request: ApiRequest, template_id: str, command: UpdateTemplate
) -> Response:
    """Fields left out stay as they are. What was sent stays as it was."""

    async def update(work: UnitOfWork, template_id: str, command: UpdateTemplate) -> Any:
        return _checked(await commands.update_template(work, template_id, command))

    return await request.decide(update, template_id, command, show=_body)


@command_router.delete(
    "/v1/workflows/templates/{template_id}", status_code=204, dependencies=[WRITE]
)
async def remove_template(request: ApiRequest, template_id: str) -> Response:
    """Rules that name it send nothing with it any more, and say so."""
    return await request.decide(commands.remove_template, template_id)


@query_router.get(
    "/v1/workflows/templates", response_model=Templates, dependencies=[READ, PRESENT_ONLY]
)
async def list_templates(request: ApiRequest, query: Annotated[ListTemplates, Query()]) -> Response:
    """Newest first."""
    templates = await request.perform(commands.list_templates)
    found = [each for each in templates if query.type in (None, each.type)]
    page = page_of(found, query, lambda template: template.id)
    return list_answer(
        request, "templates", page, query, lambda template: shown(template, request.org_id)
    )


@query_router.get(
    "/v1/workflows/templates/{template_id}",
    response_model=Template,
    dependencies=[READ, PRESENT_ONLY],
)
async def show_template(
    request: ApiRequest, template_id: str, query: Annotated[AskedVersion, Query()]
) -> Response:
    """All of one template, as it is or was in a `version`, which actions name."""
    if query.version is None:
        template = await request.perform(commands.show_template, template_id)
    else:
        template = await as_of_version(request, MessageTemplate, template_id, query.version)
    return answer(shown(template, request.org_id))


def _checked(template: MessageTemplate) -> MessageTemplate:
    """Raises BadTemplate."""
    compile_template(template.subject, template.body, template.type)
    return template
