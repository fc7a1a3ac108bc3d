"""Doing: what an action is given to be done, and what may come of it besides being sent."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from delivery.messages.results import SendResult
from delivery.subjects import Occurrence
from delivery.workflows.circumstances import Circumstances
from delivery.workflows.executions import Step
from domain.book import Book
from domain.customer import Customer
from domain.fact import Entity
from domain.workflow_rule import Action, WorkflowRule


@dataclass(frozen=True, slots=True)
class Given:
    """A rule as it was, and what it follows from.

    ``subject`` is what it is about: of a checkout session, its payment as it stands. ``customer``
    is whom it is about, as they are now.
    """

    rule: WorkflowRule
    occurrence: Occurrence
    circumstances: Circumstances
    subject: Entity
    customer: Customer | None

    def doing(self, step: Step, *, now: datetime, only_says: bool) -> "Doing":
        """One of its actions."""
        return Doing(
            self.rule,
            self.occurrence,
            self.circumstances,
            self.subject,
            self.customer,
            step,
            now,
            only_says,
        )


@dataclass(frozen=True, slots=True)
class Doing(Given):
    """An action of a rule, and what it follows from.

    ``key`` names what is done for ever: done again, it is the same. ``only_says``: it does
    nothing, and says what it would do.
    """

    step: Step
    now: datetime
    only_says: bool

    @property
    def action(self) -> Action:
        return self.rule.actions[self.step.number]

    @property
    def book(self) -> Book:
        return Book.named(self.step.book)

    @property
    def addresses(self) -> list[str]:
        """Where it may reach somebody: none of them is kept, whoever says it back."""
        customer: Mapping[str, Any] = self.customer.personal if self.customer else {}
        known = (self.action["personal"].get("to"), customer.get("email"), customer.get("phone"))
        # A provider of text messages may leave out the plus.
        return [address.removeprefix("+") for address in known if address]

    @property
    def key(self) -> str:
        return f"{execution_id(self.step.rule, self.step.position)}_{self.step.number}"


@dataclass(frozen=True, slots=True)
class Done:
    """``template_version``: of the template it was written with, 0 without one."""

    result: SendResult
    template_version: int = 0
    integration: str = ""

    def without(self, addresses: Sequence[str]) -> "Done":
        return replace(self, result=self.result.without(addresses))


@dataclass(frozen=True, slots=True)
class Skipped:
    """There was a reason to do nothing."""

    reason: str


Do = Callable[[Doing], Awaitable[Done | Skipped]]


def execution_id(rule_id: str, position: int) -> str:
    """What an execution is called: by its rule and its fact."""
    return f"exe_{rule_id.partition('_')[2]}_{position}"


def execution_named(name: str) -> tuple[str, int] | None:
    """The rule and the position of the fact; None: no execution is called so."""
    prefix, _, rest = name.partition("_")
    rule, _, position = rest.partition("_")
    if prefix != "exe" or not rule or not position.isascii() or not position.isdecimal():
        return None
    if len(position) > 18:  # noqa: PLR2004 (what a position may have at most)
        return None
    return f"wf_{rule}", int(position)
