"""Retry policy commands: for the organization, or for one of its plans."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from commands.fields import Command, Text
from commands.handling.unit_of_work import UnitOfWork
from domain.organization import Organization
from domain.retry_policy import DELAY, RetryPolicy, span

_MOST_RETRIES = 20


def _delay(text: str) -> str:
    span(text)
    return text


Delay = Annotated[
    str,
    AfterValidator(_delay),
    Field(max_length=8, examples=["15m"], json_schema_extra={"pattern": f"^{DELAY.pattern}$"}),
]


class SetRetryPolicy(Command):
    """No ``plan_id``: for all plans without one of their own. No ``max_retries``: one a delay."""

    plan_id: Text | None = None
    delays: Annotated[list[Delay], Field(min_length=1, max_length=_MOST_RETRIES)]
    max_retries: Annotated[int, Field(strict=True, ge=0, le=_MOST_RETRIES)] | None = None
    when_used_up: Literal["pause", "cancel"] = "pause"


@dataclass(frozen=True)
class PolicyInForce:
    """``plan_id``: whose it is, None: of the organization. ``is_default``: nobody has set one."""

    plan_id: str | None
    policy: RetryPolicy
    is_default: bool


async def set_retry_policy(work: UnitOfWork, command: SetRetryPolicy) -> PolicyInForce:
    organization = await work.load_for_update(Organization, work.org_id)
    retries = command.max_retries
    policy = RetryPolicy(
        delays=command.delays,
        max_retries=len(command.delays) if retries is None else retries,
        when_used_up=command.when_used_up,
    )
    organization.set_retry_policy(command.plan_id, policy, work.now)
    return PolicyInForce(command.plan_id, policy, is_default=False)


async def remove_retry_policy(work: UnitOfWork, plan_id: str | None) -> None:
    organization = await work.load_for_update(Organization, work.org_id)
    organization.remove_retry_policy(plan_id, work.now)


async def policy_in_force(work: UnitOfWork, plan_id: str | None) -> PolicyInForce:
    """What goes for a plan: its own, else the organization's, else the default."""
    organization = await work.load_recent(Organization, work.org_id)
    named = plan_id if plan_id in organization.retry_policies else None
    return PolicyInForce(
        named,
        organization.retry_policy(plan_id),
        is_default=named not in organization.retry_policies,
    )


async def list_retry_policies(work: UnitOfWork) -> Sequence[PolicyInForce]:
    """Those that were set: the organization's first, then by plan."""
    policies = (await work.load_recent(Organization, work.org_id)).retry_policies
    return [
        PolicyInForce(plan_id, policies[plan_id], is_default=False)
        for plan_id in sorted(policies, key=lambda plan_id: plan_id or "")
    ]
