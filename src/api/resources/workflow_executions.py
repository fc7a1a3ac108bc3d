"""The resources of what followed: executions of workflows, and each action of them."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Count, Moment, Pagination, Shape
from commands.workflow_actions import ActionType
from delivery.cursors import Attempt
from delivery.envelopes import event_id
from delivery.workflows.doing import execution_id
from delivery.workflows.executions import Execution as StoredExecution
from delivery.workflows.executions import Step
from domain.book import Book


class Execution(Shape):
    """What followed from a fact by a workflow, as it was then; `trigger_payload` is the fact."""

    id: str = Field(examples=["exe_01hxa2b3c4d5e6f7g8h9jkmnpq_1204"])
    workflow_id: str
    workflow_version: int
    org_id: str
    event_id: str
    customer_id: str | None
    customer_name: str | None
    trigger_payload: dict[str, Any]
    status: Literal["pending", "running", "completed", "failed"]
    shadow: bool
    error: str | None
    created_at: Moment
    started_at: Moment | None
    completed_at: Moment | None


class Executions(Shape):
    """Newest first."""

    executions: list[Execution]
    pagination: Pagination


class ExecutionsExport(Shape):
    """Every execution that was asked for."""

    executions: list[Execution]
    total: Count


class ActionAttempt(Shape):
    """One time that it was tried; `error` null: it was done."""

    attempt: int
    at: Moment
    response: str | None
    milliseconds: int
    error: str | None


class ActionResult(Shape):
    """What came of an action; `skipped` says in `error` why there was a reason not to do it."""

    id: str = Field(examples=["exe_01hxa2b3c4d5e6f7g8h9jkmnpq_1204_0"])
    execution_id: str
    action_type: ActionType
    status: Literal["pending", "success", "failed", "retrying", "skipped"]
    integration_id: str | None
    template_id: str | None
    template_version: int | None
    response: str | None
    error: str | None
    retry_count: Count
    next_attempt_at: Moment | None
    started_at: Moment | None
    completed_at: Moment | None
    history: list[ActionAttempt]


class ActionResults(Shape):
    """In the order of the workflow, each with its attempts, for as long as these are kept."""

    actions: list[ActionResult]


def execution_of(
    stored: StoredExecution, trigger_payload: dict[str, Any], customer_name: str | None
) -> dict[str, Any]:
    return Execution.of(
        stored,
        id=execution_id(stored.rule, stored.position),
        workflow_id=stored.rule,
        workflow_version=stored.rule_version,
        org_id=Book.named(stored.book).org_id,
        event_id=event_id(stored.book, stored.position),
        customer_id=stored.customer or None,
        customer_name=customer_name,
        trigger_payload=trigger_payload,
        status="running" if stored.state == "awaiting" else stored.state,
        shadow=bool(stored.shadow),
        error=stored.error or None,
        started_at=stored.started_at or None,
        completed_at=stored.completed_at or None,
    )


def action_result_of(step: Step, attempts: Sequence[Attempt]) -> dict[str, Any]:
    execution = execution_id(step.rule, step.position)
    return ActionResult.of(
        step,
        id=f"{execution}_{step.number}",
        execution_id=execution,
        action_type=step.type,
        status=step.state,
        integration_id=step.integration or None,
        template_id=step.template or None,
        template_version=step.template_version or None,
        response=step.response or None,
        error=step.error or None,
        retry_count=max(0, step.attempts - 1),
        next_attempt_at=step.due_at or None,
        started_at=step.started_at or None,
        completed_at=step.completed_at or None,
        history=[
            ActionAttempt.of(each, response=each.response or None, error=each.error or None)
            for each in attempts
        ],
    )
