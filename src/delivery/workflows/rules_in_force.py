"""Rules in force: what the rules of a book said at any of its positions.

A fact follows the rules as they were when it was recorded, however late it is looked at: so what
follows depends on nobody's speed, and an edit changes nothing that happened before it.
"""

import sys
from collections.abc import Mapping
from typing import Final, cast

from domain.workflow_rule import WORKFLOWS, WorkflowRule
from domain.workflow_triggers import sets_off
from ledger.append import StoredFact
from ledger.facts import FactMapper
from ledger.ledger import Ledger

_TOPIC: Final = f"{WorkflowRule.TOPIC}."


class RulesInForce:
    """The rules of one book, as of the last fact that was taken in."""

    def __init__(self, rules: Mapping[str, WorkflowRule], mapper: FactMapper) -> None:
        self._rules = dict(rules)
        self._mapper = mapper

    @classmethod
    def as_of(cls, ledger: Ledger, mapper: FactMapper, book: str, position: int) -> "RulesInForce":
        streams = [stream for _, stream in ledger.owners(book, WORKFLOWS, "")]
        rules = cls({}, mapper)
        for stored in ledger.read_parts(book, dict.fromkeys(streams, (0, sys.maxsize))):
            if stored.position <= position:
                rules.take_in(stored)
        return rules

    def take_in(self, stored: StoredFact) -> None:
        """What is recorded of a rule goes from here on; other facts change nothing."""
        if not stored.topic.startswith(_TOPIC):
            return
        before = self._rules.get(stored.stream)
        after = self._mapper.decode(stored).mutate(before.copy() if before else None)
        self._rules[stored.stream] = cast(WorkflowRule, after)

    def set_off_by(self, topic: str) -> list[WorkflowRule]:
        """Those that a fact of this topic sets off, the highest priority first."""
        found = [
            rule
            for rule in self._rules.values()
            if rule.is_in_force and sets_off(rule.trigger, topic)
        ]
        return sorted(found, key=lambda rule: (-rule.terms["priority"], rule.id))


def began_at(ledger: Ledger, book: str) -> int | None:
    """The position before that of the first rule of a book; None: there never was one."""
    streams = [stream for _, stream in ledger.owners(book, WORKFLOWS, "")]
    firsts = ledger.read_parts(book, dict.fromkeys(streams, (0, 1)))
    return min((stored.position for stored in firsts), default=0) - 1 if firsts else None
