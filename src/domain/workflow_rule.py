"""A workflow rule: when something happens, and conditions are met, these actions follow.

Its version is that of its stream, so what a rule said when something happened can always be read.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self, TypedDict

from eventsourcing.domain import event

from domain.errors import NotFound
from domain.fact import Entity, Fact, FirstFact

# What those are found by that may still be changed; all there ever were keep the second.
WORKFLOW_RULE, WORKFLOWS = "workflow_rule", "workflows"


class Action(TypedDict):
    """`after`: how long after the fact, as "15m", "1h", "7d"; null: at once.

    `config` says the rest; the addresses among it stand in `personal`.
    """

    type: str
    integration_id: str | None
    template_id: str | None
    config: dict[str, Any]
    personal: dict[str, Any]
    after: str | None


class Terms(TypedDict):
    """What a rule says. `conditions`: only those that are asked."""

    name: str
    description: str | None
    trigger: str
    conditions: dict[str, Any]
    actions: list[Action]
    priority: int
    shadow: bool


class WorkflowNotFound(NotFound):
    code = "workflow_not_found"

    def __init__(self, rule_id: str) -> None:
        super().__init__(f"no workflow {rule_id}", workflow_id=rule_id)


# These carry the whole rule as it is from then on: a reader never merges.
class _Stated(Fact):
    name: str
    description: str | None
    trigger: str
    conditions: dict[str, Any]
    actions: list[Action]
    priority: int
    shadow: bool

    def apply(self, aggregate: "WorkflowRule") -> None:
        aggregate.terms = Terms(
            name=self.name,
            description=self.description,
            trigger=self.trigger,
            conditions=self.conditions,
            actions=self.actions,
            priority=self.priority,
            shadow=self.shadow,
        )
        aggregate.updated_at = self.occurred_at


class WorkflowRule(Entity):
    TOPIC = "workflow_rule"

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        return WorkflowNotFound(stream)

    class Event(Fact):
        """What happened to a workflow rule."""

        TOPIC = "workflow_rule.event"

    class Created(_Stated, Event, FirstFact):
        """From now on this follows when that happens; in `shadow`, nothing is sent."""

        TOPIC = "workflow_rule.created"
        enabled: bool

    class Changed(_Stated, Event):
        """Something else follows, or follows from something else; the fact holds all of it."""

        TOPIC = "workflow_rule.changed"

    class Enabled(Event):
        """It goes for what happens from here on."""

        TOPIC = "workflow_rule.enabled"

    class Disabled(Event):
        """Nothing follows from it any more, until it is enabled again."""

        TOPIC = "workflow_rule.disabled"

    class Removed(Event):
        """The rule is gone; what followed from it stays told."""

        TOPIC = "workflow_rule.removed"

    @classmethod
    def create(cls, rule_id: str, terms: Terms, *, enabled: bool, now: datetime) -> Self:
        return cls._create(
            cls.Created, id=rule_id, timestamp=now, occurred_at=now, enabled=enabled, **terms
        )

    def __init__(
        self,
        enabled: bool,  # noqa: FBT001 (as the library calls it)
        occurred_at: datetime,
    ) -> None:
        self.terms: Terms
        self.enabled = enabled
        self.removed = False
        self.created_at = occurred_at
        self.updated_at = occurred_at

    @property
    def name(self) -> str:
        return self.terms["name"]

    @property
    def trigger(self) -> str:
        return self.terms["trigger"]

    @property
    def conditions(self) -> Mapping[str, Any]:
        return self.terms["conditions"]

    @property
    def actions(self) -> Sequence[Action]:
        return self.terms["actions"]

    @property
    def shadow(self) -> bool:
        """Whether it only says what it would do."""
        return self.terms["shadow"]

    @property
    def is_in_force(self) -> bool:
        return self.enabled and not self.removed

    @property
    def found_by(self) -> frozenset[tuple[str, str]]:
        known = frozenset({(WORKFLOWS, self.id)})
        return known if self.removed else known | {(WORKFLOW_RULE, self.id)}

    def change(self, terms: Terms, now: datetime) -> None:
        """The same terms record nothing."""
        self.must_be_there()
        if terms != self.terms:
            self._record(self.Changed, now, **terms)

    def enable(self, now: datetime) -> None:
        self.must_be_there()
        if not self.enabled:
            self._record(self.Enabled, now)

    def disable(self, now: datetime) -> None:
        self.must_be_there()
        if self.enabled:
            self._record(self.Disabled, now)

    def remove(self, now: datetime) -> None:
        self.must_be_there()
        self._record(self.Removed, now)

    def must_be_there(self) -> None:
        """Raises WorkflowNotFound once it was removed."""
        if self.removed:
            raise WorkflowNotFound(self.id)

    # What a rule says is taken over in `_Stated.apply`.

    @event(Enabled)
    def _on_enabled(self, occurred_at: datetime) -> None:
        self.enabled = True
        self.updated_at = occurred_at

    @event(Disabled)
    def _on_disabled(self, occurred_at: datetime) -> None:
        self.enabled = False
        self.updated_at = occurred_at

    @event(Removed)
    def _on_removed(self, occurred_at: datetime) -> None:
        self.removed = True
        self.updated_at = occurred_at
