"""Workflow rules: commands and queries."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query
from pydantic import BeforeValidator
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo200, list_answer, page_of
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.resources.workflows import Workflow, Workflows, workflow_of
from api.workflows.versions import AskedVersion, as_of_version
from commands import workflow_rules as commands
from commands.fields import Text
from commands.handling.unit_of_work import UnitOfWork
from commands.workflow_rules import CreateWorkflow, UpdateWorkflow
from delivery.addresses import AddressRefused, check_url
from delivery.messages.templates import BadTemplate, Kind, compile_template
from domain.workflow_rule import Action, WorkflowRule
from domain.workflow_triggers import ALIASES

command_router = new_router("workflows")
query_router = new_router("workflows")
READ, WRITE = needs("workflows:read"), needs("workflows:write")

_EXAMPLE: dict[str, Any] = {
    "name": "Thank big spenders",
    "trigger": "payment.success",
    "conditions": {"min_amount": 10000, "currencies": ["GHS"], "customer_tags": ["vip"]},
    "actions": [{"type": "add_tag", "config": {"tag": "big-spender"}}],
}


class ListWorkflows(PageRequest):
    limit: UpTo200 = 50
    trigger: Annotated[
        Text | None, BeforeValidator(lambda name: ALIASES.get(name, name) or None)
    ] = None
    enabled: bool | None = None


def _body(work: UnitOfWork, rule: WorkflowRule) -> dict[str, Any]:
    return workflow_of(rule, work.org_id)


@command_router.post(
    "/v1/workflows/rules",
    status_code=201,
    response_model=Workflow,
    dependencies=[WRITE],
    openapi_extra=example(**_EXAMPLE),
)
async def create_workflow(request: ApiRequest, command: CreateWorkflow) -> Response:
    """It goes for what happens from here on.

    What is not offered is refused, and so is what could not be meant: an unknown condition, a
    variable that no message has.
    """
    return await request.decide(_create(request), command, show=_body, status=201)


@command_router.put(
    "/v1/workflows/rules/{workflow_id}",
    response_model=Workflow,
    dependencies=[WRITE],
    openapi_extra=example(name="Thank them all", conditions={}),
)
async def update_workflow(
    request: ApiRequest, workflow_id: str, command: UpdateWorkflow
) -> Response:
    """Fields left out stay as they are; `conditions` and `actions` are whole when they are sent.

    What happened before follows the rule as it was then.
    """
    return await request.decide(_update(request), workflow_id, command, show=_body)


@command_router.delete("/v1/workflows/rules/{workflow_id}", status_code=204, dependencies=[WRITE])
async def remove_workflow(request: ApiRequest, workflow_id: str) -> Response:
    """What waits to be done for it is not done any more."""
    return await request.decide(commands.remove_workflow, workflow_id)


@command_router.post(
    "/v1/workflows/rules/{workflow_id}/enable", response_model=Workflow, dependencies=[WRITE]
)
async def enable_workflow(request: ApiRequest, workflow_id: str) -> Response:
    """It goes for what happens from here on; what happened meanwhile stays as it is."""
    return await request.decide(commands.enable_workflow, workflow_id, show=_body)


@command_router.post(
    "/v1/workflows/rules/{workflow_id}/disable", response_model=Workflow, dependencies=[WRITE]
)
async def disable_workflow(request: ApiRequest, workflow_id: str) -> Response:
    """Nothing follows from it any more, nor what waits to be done for it."""
    return await request.decide(commands.disable_workflow, workflow_id, show=_body)


@query_router.get(
    "/v1/workflows/rules", response_model=Workflows, dependencies=[READ, PRESENT_ONLY]
)
async def list_workflows(request: ApiRequest, query: Annotated[ListWorkflows, Query()]) -> Response:
    """Those with the highest priority first, then the newest."""
    rules = await request.perform(commands.list_workflows)
    found = [rule for rule in rules if _fits(rule, query)]
    page = page_of(found, query, lambda rule: rule.id)
    return list_answer(
        request, "workflows", page, query, lambda rule: workflow_of(rule, request.org_id)
    )


@query_router.get(
    "/v1/workflows/rules/{workflow_id}",
    response_model=Workflow,
    dependencies=[READ, PRESENT_ONLY],
)
async def show_workflow(
    request: ApiRequest, workflow_id: str, query: Annotated[AskedVersion, Query()]
) -> Response:
    """All of one workflow, as it is or was in a `version`, which executions name."""
    if query.version is None:
        rule = await request.perform(commands.show_workflow, workflow_id)
    else:
        rule = await as_of_version(request, WorkflowRule, workflow_id, query.version)
    return answer(workflow_of(rule, request.org_id))


def checked(request: ApiRequest, actions: Sequence[Action]) -> None:
    """Raises DoesNotFit for words with unknown variables, and addresses that may not be told."""
    for place, action in enumerate(actions):
        _check_words(action, f"actions[{place}].config")
        _check_address(request, action, f"actions[{place}].config.url")


def _create(request: ApiRequest) -> Any:
    async def create(work: UnitOfWork, command: CreateWorkflow) -> WorkflowRule:
        checked(request, command.terms["actions"])
        return await commands.create_workflow(work, command)

    return create


def _update(request: ApiRequest) -> Any:
    async def update(work: UnitOfWork, workflow_id: str, command: UpdateWorkflow) -> WorkflowRule:
        checked(request, [action.terms for action in command.actions or ()])
        return await commands.update_workflow(work, workflow_id, command)

    return update


def _check_words(action: Action, field: str) -> None:
    body = action["config"].get("body")
    if body is None:
        return
    kinds: dict[str, Kind] = {"send_email": "email", "send_sms": "sms"}
    kind = kinds.get(action["type"], "notification")
    try:
        compile_template(action["config"].get("subject"), body, kind)
    except BadTemplate as bad:
        raise commands.DoesNotFit(f"{field}.{bad.details['field']}", bad.message) from None


def _check_address(request: ApiRequest, action: Action, field: str) -> None:
    url = action["config"].get("url")
    if action["type"] != "webhook" or url is None:
        return
    try:
        check_url(
            url,
            mode=request.caller.mode,
            allowed_networks=request.dependencies.delivery_networks,
            allow_insecure=request.dependencies.allow_insecure_webhooks,
        )
    except AddressRefused as refused:
        raise commands.DoesNotFit(field, refused.reason) from None


def _fits(rule: WorkflowRule, query: ListWorkflows) -> bool:
    return query.trigger in (None, rule.trigger) and query.enabled in (None, rule.enabled)
