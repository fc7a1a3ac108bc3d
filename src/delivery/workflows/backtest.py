"""Backtest: what a rule would have brought about over a past range. Nothing is sent by asking.

What happened in the range counts, imported or not, as if it had been recorded then: with what its
customer had paid by then. Who may not be written to is told apart, and what messages would cost is
added up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

from delivery.subjects import Occurrence, Subjects
from delivery.workflows.asking import Asking
from delivery.workflows.backtest_report import ActionCount, Report
from delivery.workflows.circumstances import circumstances_of, of_payment
from delivery.workflows.doing import Given
from delivery.workflows.executing import was_left_behind
from delivery.workflows.following import execution_of, is_asked_later, is_brought_about
from delivery.workflows.late_customers import is_news
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


@dataclass(frozen=True, slots=True)
class _Happened:
    at: datetime
    stored: StoredFact


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
        self, book: str, rule: WorkflowRule, *, since: datetime, until: datetime, now: datetime
    ) -> Report:
        """Of what happened from a moment on and before another, and is due ``now``."""
        report = Report(since, [ActionCount(each["type"]) for each in rule.actions])
        rehearsal = Rehearsal(report, self._writing)
        await rehearsal.begin(book, rule.actions)
        ends = monotonic() + _LONGEST
        happened = self._happened(book, rule, report, until=until, now=now)
        while happened:
            begins = happened[: _together(happened)]
            occurrences = self._occurrences(book, begins)
            by = max(each.stored.position for each in begins)
            await self._asking.read_ahead(rule.conditions, occurrences, by=by)
            for occurrence in occurrences:
                await self._look(report, rehearsal, rule, occurrence, now)
            report.facts += len(begins)
            happened = happened[len(begins) :]
            if happened and monotonic() >= ends:
                report.stop_at(begins[-1].at)
                break
        return report

    def _happened(
        self, book: str, rule: WorkflowRule, report: Report, *, until: datetime, now: datetime
    ) -> list[_Happened]:
        """The last first. Nothing is recorded before it happens, and anything may be later."""
        topics = [fact.TOPIC for fact in TRIGGERS[rule.trigger].facts]
        after = self._ledger.position_at(book, report.since - timedelta(microseconds=1))
        upto = self._ledger.position_at(book, now)
        found: list[_Happened] = []
        while topics and upto > after:
            page = self._ledger.read_last_of_topics(
                book, topics, after=after, upto=upto, limit=_PAGE
            )
            found += [_Happened(self._mapper.decode(each).occurred_at, each) for each in page]
            upto = page[0].position - 1 if len(page) == _PAGE else after
            if len(found) >= MOST_FACTS and upto > after:
                report.stop_at(datetime.fromisoformat(page[0].recorded_at))
                break
        asked = [each for each in found if report.since <= each.at < until]
        return sorted(asked, key=lambda each: (each.at, each.stored.position), reverse=True)

    def _occurrences(self, book: str, happened: Sequence[_Happened]) -> list[Occurrence]:
        """In the same order, without what a rule brought about: that sets none off."""
        told = [each.stored for each in happened if not is_brought_about(each.stored)]
        recorded = sorted(told, key=lambda stored: stored.position)
        known = {each.stored.position: each for each in self._subjects.after(book, recorded)}
        return [known[each.position] for each in told if each.position in known]

    async def _look(
        self,
        report: Report,
        rehearsal: Rehearsal,
        rule: WorkflowRule,
        occurrence: Occurrence,
        now: datetime,
    ) -> None:
        if not is_news(occurrence, rule.conditions):
            return
        _, steps = execution_of(rule, occurrence, told_at=occurrence.fact.occurred_at)
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
        happened_by = occurrence.fact.occurred_at
        if is_asked_later(rule):
            by, happened_by = max(by, self._ledger.position_at(book, turn)), turn
        subject, circumstances = occurrence.subject, circumstances_of(occurrence)
        if isinstance(subject, CheckoutSession):
            payment = self._past.as_of(Payment, book, subject.payment_id, by=by)
            if payment is None:
                return None
            subject, circumstances = payment, of_payment(payment, payment.amount)
        if rule.trigger == ABANDONED and not was_left_behind(subject):
            return None
        if not await self._asking.met(
            rule.conditions,
            occurrence,
            by=by,
            circumstances=circumstances,
            happened_by=happened_by,
        ):
            return None
        customer = await self._asking.customer(book, circumstances.customer_id, by=by)
        return Given(rule, occurrence, circumstances, subject, customer)


def _together(happened: Sequence[_Happened]) -> int:
    """How many to look at in one go: what happened at one moment is not parted."""
    size = min(_PAGE, len(happened))
    while size < len(happened) and happened[size].at == happened[size - 1].at:
        size += 1
    return size


def loading(ledger: Ledger) -> Load[Any]:
    """Aggregates straight from the ledger, each read once."""
    past, known = Past(ledger), dict[tuple[type[Entity], str, str], Entity | None]()

    async def load(kind: type[Entity], book: str, stream: str) -> Entity | None:
        key = (kind, book, stream)
        if key not in known:
            known[key] = past.as_of(*key, by=NOW)
        return known[key]

    return load
