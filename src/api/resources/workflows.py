"""The resources of workflows: rules, templates, integrations."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Moment, Pagination, Shape
from commands.workflow_actions import ActionType
from domain.integration import Integration as IntegrationAggregate
from domain.integration import IntegrationType
from domain.message_template import MessageTemplate, TemplateType
from domain.workflow_rule import Action, WorkflowRule


class WorkflowAction(Shape):
    """What follows, so long `after` the fact; null: at once."""

    type: ActionType
    integration_id: str | None
    template_id: str | None
    config: dict[str, Any]
    after: str | None


class Workflow(Shape):
    """When `trigger` happens and all `conditions` are met, the `actions` follow."""

    id: str = Field(examples=["wf_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    name: str
    description: str | None
    enabled: bool
    trigger: str
    conditions: dict[str, Any]
    actions: list[WorkflowAction]
    priority: int
    shadow: bool
    version: int
    created_at: Moment
    updated_at: Moment


class Workflows(Shape):
    """Those with the highest priority first, then the newest."""

    workflows: list[Workflow]
    pagination: Pagination


class Template(Shape):
    """The words of a message; `variables` are those it has."""

    id: str = Field(examples=["tpl_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    type: TemplateType
    name: str
    subject: str | None
    body: str
    variables: list[str]
    version: int
    created_at: Moment
    updated_at: Moment


class Templates(Shape):
    """Newest first."""

    templates: list[Template]
    pagination: Pagination


class Integration(Shape):
    """Through whom messages leave; how to log in there is told to nobody."""

    id: str = Field(examples=["int_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    type: IntegrationType
    provider: str
    name: str
    config: dict[str, Any]
    has_credentials: bool
    is_default: bool
    status: Literal["active", "inactive", "error"]
    last_used_at: Moment | None
    last_tried_at: Moment | None
    last_tried_error: str | None
    created_at: Moment
    updated_at: Moment


class Integrations(Shape):
    """Newest first."""

    integrations: list[Integration]
    pagination: Pagination


class TriedIntegration(Shape):
    """What came of a message that was sent to try it out; `error` null: it has left."""

    integration_id: str
    succeeded: bool
    error: str | None
    response: str | None
    tried_at: Moment


def tried_integration_of(tried: IntegrationAggregate, response: str) -> dict[str, Any]:
    return TriedIntegration.of(
        tried,
        integration_id=tried.id,
        succeeded=tried.last_tried_error is None,
        error=tried.last_tried_error,
        response=response or None,
        tried_at=tried.last_tried_at,
    )


def workflow_of(rule: WorkflowRule, org_id: str) -> dict[str, Any]:
    return Workflow.of(
        rule,
        org_id=org_id,
        description=rule.terms["description"],
        priority=rule.terms["priority"],
        actions=[action_of(action) for action in rule.actions],
    )


def action_of(action: Action) -> dict[str, Any]:
    return {
        "type": action["type"],
        "integration_id": action["integration_id"],
        "template_id": action["template_id"],
        "config": action["config"] | action["personal"],
        "after": action["after"],
    }


def template_of(template: MessageTemplate, org_id: str, variables: list[str]) -> dict[str, Any]:
    return Template.of(template, org_id=org_id, variables=variables)


def integration_of(integration: IntegrationAggregate, org_id: str, **known: Any) -> dict[str, Any]:
    """``known``: `last_used_at`, and a `status` that its last messages show."""
    return Integration.of(
        integration,
        **{
            "org_id": org_id,
            "has_credentials": integration.access["sealed_credentials"] is not None,
            "last_used_at": None,
        }
        | known,
    )
