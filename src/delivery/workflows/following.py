"""Following: what the facts of a book set off, each fact once.

A cursor goes along the book. What follows is written in the transaction that moves it, so a crash
loses nothing and doubles nothing. What a rule itself brings about sets no rule off: two of them
could go on for ever.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from delivery.subjects import Occurrence, Subjects
from delivery.workflows import cursor
from delivery.workflows.asking import Asking
from delivery.workflows.conditions import asks_later
from delivery.workflows.executions import Execution, Step
from delivery.workflows.late_customers import is_history, is_news
from delivery.workflows.rules_in_force import RulesInForce, began_at
from domain.checkout_session import CheckoutSession
from domain.retry_policy import span
from domain.workflow_rule import WorkflowRule
from domain.workflow_triggers import ABANDONED, TOPICS
from ledger.append import StoredFact
from ledger.clock import written
from ledger.facts import FactMapper
from ledger.ledger import Ledger

_PAGE: Final = 500
# So many facts from which nothing follows are walked past before that is written down.
_UNWRITTEN: Final = 10_000


@dataclass
class _Place:
    """Where the cursor is, how far it has been looked since, and what the rules say there."""

    written: int
    looked: int
    rules: RulesInForce


class Follower:
    """Follows any number of books, one page of one book at a time."""

    def __init__(self, ledger: Ledger, subjects: Subjects, asking: Asking) -> None:
        self._ledger = ledger
        self._subjects = subjects
        self._asking = asking
        self._mapper = FactMapper()
        self._places: dict[str, _Place] = {}

    async def follow(self, book: str, *, head: int) -> int:
        """Looks at the next page; how many facts there were. May raise ViewsAreLate."""
        place = await self._place(book)
        if place is None or place.looked >= head:
            return 0
        page = await asyncio.to_thread(
            self._ledger.read, book, after=place.looked, upto=head, limit=_PAGE
        )
        try:
            found = await self._what_follows(book, place.rules, page)
        except BaseException:
            # The rules have gone on along the page: whoever looks again begins where it is written.
            del self._places[book]
            raise
        if page:
            await self._go_on(book, place, page[-1].position, found)
        return len(page)

    async def _place(self, book: str) -> _Place | None:
        if book not in self._places:
            position = await asyncio.to_thread(self._begin, book)
            if position is None:
                return None
            rules = await asyncio.to_thread(
                RulesInForce.as_of, self._ledger, self._mapper, book, position
            )
            self._places[book] = _Place(position, position, rules)
        return self._places[book]

    def _begin(self, book: str) -> int | None:
        """Before the first rule there is nothing to follow."""
        position = cursor.reached(self._ledger.engine, book)
        if position is not None:
            return position
        first = began_at(self._ledger, book)
        if first is not None:
            cursor.begin(self._ledger.engine, book, first)
        return cursor.reached(self._ledger.engine, book)

    async def _what_follows(
        self, book: str, rules: RulesInForce, page: Sequence[StoredFact]
    ) -> list[tuple[Execution, list[Step]]]:
        set_off: list[tuple[StoredFact, WorkflowRule]] = []
        for stored in page:
            rules.take_in(stored)
            if stored.topic in TOPICS and not is_brought_about(stored):
                set_off += [(stored, rule) for rule in rules.set_off_by(stored.topic)]
        facts = {stored.position: stored for stored, _ in set_off}
        occurrences = await asyncio.to_thread(self._subjects.after, book, list(facts.values()))
        at = {each.stored.position: each for each in occurrences}
        return [
            execution_of(rule, at[stored.position])
            for stored, rule in set_off
            if stored.position in at
            and not is_history(at[stored.position])
            and await self._goes(rule, at[stored.position])
        ]

    async def _goes(self, rule: WorkflowRule, occurrence: Occurrence) -> bool:
        """What asks its conditions later goes on to its turn."""
        if not is_news(occurrence, rule.conditions):
            return False
        if is_asked_later(rule):
            return True
        return await self._asking.met(rule.conditions, occurrence, by=occurrence.stored.position)

    async def _go_on(
        self, book: str, place: _Place, to: int, found: list[tuple[Execution, list[Step]]]
    ) -> None:
        place.looked = to
        if not found and to - place.written < _UNWRITTEN:
            return
        moved = await asyncio.to_thread(
            cursor.move,
            self._ledger.engine,
            book,
            after=place.written,
            to=to,
            executions=[execution for execution, _ in found],
            steps=[step for _, steps in found for step in steps],
        )
        if moved:
            place.written = to
        else:
            del self._places[book]


def is_asked_later(rule: WorkflowRule) -> bool:
    return rule.trigger == ABANDONED or asks_later(rule.conditions)


def is_brought_about(stored: StoredFact) -> bool:
    """Whether a rule has brought a fact about: what others do names no cause."""
    return '"caused_by":null' not in stored.context and (
        orjson.loads(stored.context).get("caused_by") is not None
    )


def execution_of(
    rule: WorkflowRule, occurrence: Occurrence, *, told_at: datetime | None = None
) -> tuple[Execution, list[Step]]:
    """What follows from a fact by a rule, with the moments at which its actions fall due.

    ``told_at``: as if it had been recorded then.
    """
    stored, begins = occurrence.stored, _begins_at(occurrence, told_at)
    execution = Execution(
        stored.book,
        rule.id,
        stored.position,
        rule.version,
        occurrence.customer.id if occurrence.customer else "",
        int(rule.shadow),
        "awaiting" if is_asked_later(rule) else "pending",
        written(begins),
    )
    steps = [
        Step(
            stored.book,
            rule.id,
            stored.position,
            number,
            action["type"],
            "pending",
            written(begins + span(action["after"]) if action["after"] else begins),
            integration=action["integration_id"] or "",
            template=action["template_id"] or "",
        )
        for number, action in enumerate(rule.actions)
    ]
    return execution, steps


def _begins_at(occurrence: Occurrence, told_at: datetime | None) -> datetime:
    """When it was recorded; of a checkout session, when it ends."""
    match occurrence.subject:
        case CheckoutSession() as session:
            return session.expires_at
        case _:
            return told_at or occurrence.fact.timestamp
