"""Backtest: what a rule would have brought about over a past range. Nothing is sent by asking.

Conditions are asked as they would have been then, of customers as they were then; who may not be
written to is told apart, and what messages would cost is added up.
"""

from datetime import datetime
from time import monotonic
from typing import Any, Final

from delivery.subjects import Occurrence, Subjects
from delivery.workflows.asking import Asking
from delivery.workflows.backtest_report import ActionCount, Report
from delivery.workflows.circumstances import circumstances_of, of_payment
from delivery.workflows.doing import Given
from delivery.workflows.executing import was_left_behind
from delivery.workflows.following import execution_of, is_asked_later, is_brought_about
from delivery.workflows.past import NOW, Past
from delivery.workflows.rehearsal import Rehearsal
from delivery.workflows.writing import Load, Writing
from domain.checkout_session import CheckoutSession
from domain.fact import Entity
from domain.payment import Payment
from domain.workflow_rule import WorkflowRule
from domain.workflow_triggers import ABANDONED, TRIGGERS
from ledger.clock import written
from ledger.facts import FactMapper, StoredFact
from ledger.ledger import Ledger

# So many facts are looked at in one go, for so many seconds, the last of them first; the answer
# says how far back it came.
MOST_FACTS: Final = 50_000
_LONGEST: Final = 5.0
_PAGE: Final = 500


class Backtest:
    """Reads, and changes nothing; runs on any event loop."""

    def __init__(
        self, ledger: Ledger, subjects: Subjects, asking: Asking, writing: Writing
    ) -> None:
        self._ledger = ledger
        self._subjects = subjects
        self._asking = asking
        self._writing = writing
        self._past = Past(ledger)
        self._mapper = FactMapper()

    async def run(
        self, book: str, rule: WorkflowRule, *, after: int, upto: int, now: datetime
    ) -> Report:
        """Of the facts after a position and up to another; what is not due ``now`` is left out."""
        topics = [fact.TOPIC for fact in TRIGGERS[rule.trigger].facts]
        report = Report(upto, [ActionCount(each["type"]) for each in rule.actions])
        rehearsal = Rehearsal(report, self._writing)
        await rehearsal.begin(book, rule.actions)
        ends = monotonic() + _LONGEST
        while topics and report.after > after:
            if report.facts >= MOST_FACTS or (report.facts and monotonic() >= ends):
                report.is_complete = False
                return report
            page = self._ledger.read_last_of_topics(
                book, topics, after=after, upto=report.after, limit=_PAGE
            )
            told = [stored for stored in page if self._may_set_off(stored)]
            for occurrence in reversed(self._subjects.after(book, told)):
                await self._look(report, rehearsal, rule, occurrence, now)
            report.facts += len(page)
            report.after = page[0].position - 1 if len(page) == _PAGE else after
        return report

    def _may_set_off(self, stored: StoredFact) -> bool:
        """Neither what a rule brought about, nor history: an import has much of that."""
        return not is_brought_about(stored) and not self._mapper.decode(stored).is_history

    async def _look(
        self,
        report: Report,
        rehearsal: Rehearsal,
        rule: WorkflowRule,
        occurrence: Occurrence,
        now: datetime,
    ) -> None:
        _, steps = execution_of(rule, occurrence)
        due_at = min(step.due_at for step in steps)
        if is_asked_later(rule) and due_at > written(now):
            return
        turn = datetime.fromisoformat(due_at)
        given = await self._given(rule, occurrence, turn)
        if given is None:
            return
        report.count(given.circumstances.customer_id, due_at)
        for step in steps:
            then = step._replace(due_at=due_at, started_at=due_at)
            await rehearsal.rehearse(given.doing(then, now=turn, only_says=True))

    async def _given(
        self, rule: WorkflowRule, occurrence: Occurrence, turn: datetime
    ) -> Given | None:
        """What it is about as it was when it was its turn; None: its conditions were not met."""
        book, by = occurrence.stored.book, occurrence.stored.position
        if is_asked_later(rule):
            by = max(by, self._ledger.position_at(book, turn))
        subject, circumstances = occurrence.subject, circumstances_of(occurrence)
        if isinstance(subject, CheckoutSession):
            payment = self._past.as_of(Payment, book, subject.payment_id, by=by)
            if payment is None:
                return None
            subject, circumstances = payment, of_payment(payment, payment.amount)
        if rule.trigger == ABANDONED and not was_left_behind(subject):
            return None
        if not await self._asking.met(
            rule.conditions, occurrence, by=by, circumstances=circumstances
        ):
            return None
        customer = await self._asking.customer(book, circumstances.customer_id, by=by)
        return Given(rule, occurrence, circumstances, subject, customer)


def loading(ledger: Ledger) -> Load[Any]:
    """Aggregates straight from the ledger, each read once."""
    past, known = Past(ledger), dict[tuple[type[Entity], str, str], Entity | None]()

    async def load(kind: type[Entity], book: str, stream: str) -> Entity | None:
        key = (kind, book, stream)
        if key not in known:
            known[key] = past.as_of(*key, by=NOW)
        return known[key]

    return load
