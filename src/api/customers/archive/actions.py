"""Actions of workflows about a customer, and the rules, templates and receivers behind them."""

from collections.abc import Iterator
from typing import Any, Final, cast

from api.customers.archive.source import Source
from api.resources.export_files import batched
from delivery.workflows.actions_about import ActionAbout, actions_about
from domain.workflow_rule import Action, WorkflowRule
from ledger.append import StoredFact

_STATUSES: Final = {"success": "sent"}


class Actions:
    """Remembers what it has looked up: rules, templates, receivers are few."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[tuple[str, int | None], Any] = {}

    def all(self) -> Iterator[tuple[ActionAbout, StoredFact, Action]]:
        source = self._source
        found = actions_about(source.ledger.engine, source.book, source.customer_id)
        for some in batched(found):
            read = source.ledger.read_at(source.book, {each.step.position for each in some})
            facts = {each.position: each for each in read}
            for each in some:
                rule = cast(WorkflowRule, self.look_up(each.step.rule, each.rule_version))
                yield each, facts[each.step.position], rule.actions[each.step.number]

    def look_up(self, stream: str, version: int | None = None) -> Any:
        """What a stream tells of, as of one of its versions, or as it is now; None of none."""
        key = (stream, version or None)
        if stream and key not in self._known:
            self._known[key] = self._source.entity(*key)
        return self._known.get(key)

    def name_of(self, stream: str) -> str | None:
        found = self.look_up(stream)
        return None if found is None else found.name


def status_of(state: str) -> str:
    return _STATUSES.get(state, state)
