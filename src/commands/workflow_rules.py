"""Workflow rule commands: make one, change it, switch it on and off, remove it."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, Field

from commands.customers import customer_known_as
from commands.fields import ChangingCommand, Command, LongText, Text, not_cleared
from commands.handling.unit_of_work import UnitOfWork
from commands.workflow_actions import INTEGRATION_OF, TEMPLATE_OF, ActionTerms
from commands.workflow_conditions import Conditions
from domain.errors import Conflict, NotFound, RuleBroken
from domain.integration import Integration
from domain.message_template import MessageTemplate
from domain.workflow_rule import WORKFLOW_RULE, Action, Terms, WorkflowRule
from domain.workflow_triggers import TRIGGERS, trigger_named

MOST_RULES: Final = 200
_MOST_ACTIONS: Final = 20
_OF_CUSTOMERS: Final = "cus_"

P = TypeVar("P", Integration, MessageTemplate)
Name = Annotated[Text, Field(min_length=1)]
Trigger = Annotated[Text, AfterValidator(trigger_named), Field(examples=["payment.success"])]
Actions = Annotated[list[ActionTerms], Field(min_length=1, max_length=_MOST_ACTIONS)]
Priority = Annotated[int, Field(strict=True, ge=-1000, le=1000)]


class CreateWorkflow(Command):
    """When ``trigger`` happens and all ``conditions`` are met, the ``actions`` follow."""

    name: Name
    description: LongText | None = None
    enabled: bool = True
    trigger: Trigger
    conditions: Conditions = Field(default_factory=Conditions)
    actions: Actions
    priority: Priority = 0
    shadow: bool = False

    @property
    def terms(self) -> Terms:
        return Terms(
            name=self.name,
            description=self.description,
            trigger=self.trigger,
            conditions=self.conditions.asked,
            actions=[action.terms for action in self.actions],
            priority=self.priority,
            shadow=self.shadow,
        )


class UpdateWorkflow(ChangingCommand):
    """Fields left out stay as they are."""

    name: Annotated[Name, AfterValidator(not_cleared)] | None = None
    description: LongText | None = None
    enabled: bool | None = None
    trigger: Trigger | None = None
    conditions: Conditions | None = None
    actions: Actions | None = None
    priority: Priority | None = None
    shadow: bool | None = None

    def terms(self, before: Terms) -> Terms:
        said = {name: getattr(self, name) for name in self.model_fields_set - {"enabled"}}
        given: dict[str, Any] = {
            name: value
            for name, value in said.items()
            if value is not None or name == "description"
        }
        if "conditions" in said:
            given["conditions"] = self.conditions.asked if self.conditions else {}
        if self.actions is not None:
            given["actions"] = [action.terms for action in self.actions]
        return {**before, **given}  # type: ignore[typeddict-item]


class ConditionMeansNothing(RuleBroken):
    code = "validation_error"

    def __init__(self, condition: str, trigger: str) -> None:
        super().__init__(
            f"conditions.{condition}: this cannot be asked of {trigger}",
            field=f"conditions.{condition}",
            trigger=trigger,
        )


class DoesNotFit(RuleBroken):
    code = "validation_error"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}", field=field, reason=reason)


class TooManyWorkflows(Conflict):
    code = "too_many_workflows"

    def __init__(self) -> None:
        super().__init__(
            f"there are {MOST_RULES} workflows: remove one of them first", limit=MOST_RULES
        )


async def create_workflow(work: UnitOfWork, command: CreateWorkflow) -> WorkflowRule:
    if len(await work.owners(WORKFLOW_RULE, "")) >= MOST_RULES:
        raise TooManyWorkflows
    terms = await checked_terms(work, command.terms)
    rule = WorkflowRule.create(work.ids.new("wf"), terms, enabled=command.enabled, now=work.now)
    work.add(rule)
    return rule


async def update_workflow(work: UnitOfWork, rule_id: str, command: UpdateWorkflow) -> WorkflowRule:
    rule = await work.load_for_update(WorkflowRule, rule_id)
    terms = await checked_terms(work, command.terms(rule.terms))
    rule.change(terms, work.now)
    if command.enabled is not None:
        (rule.enable if command.enabled else rule.disable)(work.now)
    return rule


async def enable_workflow(work: UnitOfWork, rule_id: str) -> WorkflowRule:
    """It goes for what happens from here on; what happened meanwhile stays untold."""
    rule = await work.load_for_update(WorkflowRule, rule_id)
    rule.enable(work.now)
    return rule


async def disable_workflow(work: UnitOfWork, rule_id: str) -> WorkflowRule:
    rule = await work.load_for_update(WorkflowRule, rule_id)
    rule.disable(work.now)
    return rule


async def remove_workflow(work: UnitOfWork, rule_id: str) -> None:
    rule = await work.load_for_update(WorkflowRule, rule_id)
    rule.remove(work.now)


async def show_workflow(work: UnitOfWork, rule_id: str) -> WorkflowRule:
    rule = await work.load_recent(WorkflowRule, rule_id)
    rule.must_be_there()
    return rule


async def list_workflows(work: UnitOfWork) -> Sequence[WorkflowRule]:
    """Those with the highest priority first, then the newest."""
    rules = [
        await work.load_recent(WorkflowRule, stream)
        for _, stream in await work.owners(WORKFLOW_RULE, "")
    ]
    rules.sort(key=lambda rule: rule.id, reverse=True)
    return sorted(rules, key=lambda rule: -rule.terms["priority"])


async def checked_terms(work: UnitOfWork, terms: Terms) -> Terms:
    """With customers by their ids, whatever they were called.

    Raises ConditionMeansNothing, and DoesNotFit also for what is not there.
    """
    trigger = terms["trigger"]
    for condition in terms["conditions"]:
        if condition not in TRIGGERS[trigger].conditions:
            raise ConditionMeansNothing(condition, trigger)
    for place, action in enumerate(terms["actions"]):
        await _check_parts(work, action, f"actions[{place}]")
    named = terms["conditions"].get("customer_ids")
    if named is None:
        return terms
    ids = [await _customer_id(work, each) for each in named]
    return {**terms, "conditions": terms["conditions"] | {"customer_ids": ids}}


async def _customer_id(work: UnitOfWork, named: str) -> str:
    """Ours, or the business's own."""
    if named.startswith(_OF_CUSTOMERS):
        return named
    try:
        return await customer_known_as(work, named)
    except NotFound as missing:
        raise DoesNotFit("conditions.customer_ids", missing.message) from None


async def _check_parts(work: UnitOfWork, action: Action, field: str) -> None:
    integration_id, template_id = action["integration_id"], action["template_id"]
    if integration_id is not None:
        integration = await _named(work, Integration, integration_id, f"{field}.integration_id")
        if integration.type != INTEGRATION_OF.get(action["type"]):
            raise DoesNotFit(
                f"{field}.integration_id", f"{action['type']} is not for {integration.type}"
            )
    if template_id is not None:
        template = await _named(work, MessageTemplate, template_id, f"{field}.template_id")
        if template.type != TEMPLATE_OF.get(action["type"]):
            raise DoesNotFit(f"{field}.template_id", f"{action['type']} is not for {template.type}")


async def _named(work: UnitOfWork, kind: type[P], stream: str, field: str) -> P:
    try:
        part = await work.load_guarded(kind, stream)
        part.must_be_there()
    except NotFound as missing:
        raise DoesNotFit(field, missing.message) from None
    return part
