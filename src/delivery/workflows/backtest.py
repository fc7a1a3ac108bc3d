"""Backtest: what a rule would have brought about over a past range. Nothing is sent by asking.

Conditions are asked as they would have been then, of customers as they were then; who may not be
written to is told apart, and what messages would cost is added up.
"""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast

from pydantic import ValidationError

from delivery.messages.channels import Message, Sms, SmsSettings
from delivery.messages.templates import BadTemplate, MessageTooLong
from delivery.subjects import Occurrence, Subjects
from delivery.workflows.asking import Asking
from delivery.workflows.circumstances import Circumstances, circumstances_of, of_payment
from delivery.workflows.doing import Doing, Skipped
from delivery.workflows.executing import was_left_behind
from delivery.workflows.executions import Step
from delivery.workflows.following import execution_of, is_asked_later, is_brought_about, is_history
from delivery.workflows.writing import (
    KINDS,
    CannotBeSaid,
    Load,
    Writing,
    recipient_of,
)
from domain.checkout_session import CheckoutSession
from domain.customer import Customer
from domain.fact import Entity
from domain.payment import Payment
from domain.workflow_rule import Action, WorkflowRule
from domain.workflow_triggers import ABANDONED, TRIGGERS
from ledger.clock import written
from ledger.facts import FactMapper
from ledger.ledger import Ledger

# So many facts are looked at in one go; the answer says how far it came.
MOST_FACTS: Final = 50_000
_PAGE: Final = 500
_EXAMPLES: Final = 3


@dataclass
class ActionCount:
    """What would have come of one action; ``cost`` of its segments, where a price is known."""

    type: str
    would_do: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    segments: int = 0
    cost: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Example:
    """A message as it would have been sent."""

    position: int
    action: int
    customer_id: str | None
    message: Message


@dataclass
class Report:
    """``until``: up to which position it was looked; not to the end, if there was too much."""

    until: int
    actions: list[ActionCount]
    is_complete: bool = True
    facts: int = 0
    executions: int = 0
    per_customer: Counter[str] = field(default_factory=Counter)
    per_hour: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _About:
    circumstances: Circumstances
    subject: Entity
    customer: Customer | None
    due_at: str


class Backtest:
    """Reads, and changes nothing; runs on any event loop."""

    def __init__(
        self, ledger: Ledger, subjects: Subjects, asking: Asking, writing: Writing
    ) -> None:
        self._ledger = ledger
        self._subjects = subjects
        self._asking = asking
        self._writing = writing
        self._mapper = FactMapper()

    async def run(
        self, book: str, rule: WorkflowRule, *, after: int, upto: int, now: datetime
    ) -> Report:
        """Of the facts after a position and up to another; what is not due ``now`` is left out."""
        topics = [fact.TOPIC for fact in TRIGGERS[rule.trigger].facts]
        report = Report(after, [ActionCount(each["type"]) for each in rule.actions])
        while topics and report.until < upto:
            if report.facts >= MOST_FACTS:
                report.is_complete = False
                return report
            page = self._ledger.read_topics(
                book, topics, after=report.until, upto=upto, limit=_PAGE
            )
            told = [stored for stored in page if not is_brought_about(stored)]
            for occurrence in self._subjects.after(book, told):
                if not is_history(occurrence.fact):
                    await self._look(report, rule, occurrence, now)
            report.facts += len(page)
            report.until = page[-1].position if len(page) == _PAGE else upto
        return report

    async def _look(
        self, report: Report, rule: WorkflowRule, occurrence: Occurrence, now: datetime
    ) -> None:
        about = await self._about(rule, occurrence, now)
        if about is None:
            return
        report.executions += 1
        customer_id = about.circumstances.customer_id
        if customer_id:
            report.per_customer[customer_id] += 1
        report.per_hour[f"{about.due_at[:13]}:00:00Z"] += 1
        for number, action in enumerate(rule.actions):
            await self._count(report, rule, number, action, occurrence, about)

    async def _about(
        self, rule: WorkflowRule, occurrence: Occurrence, now: datetime
    ) -> _About | None:
        """What it is about as it was when it was its turn; None: its conditions were not met."""
        book, position = occurrence.stored.book, occurrence.stored.position
        _, steps = execution_of(rule, occurrence)
        due_at = min(step.due_at for step in steps)
        by = position
        if is_asked_later(rule):
            if due_at > written(now):
                return None
            by = max(position, self._ledger.position_at(book, datetime.fromisoformat(due_at)))
        subject, circumstances = occurrence.subject, circumstances_of(occurrence)
        if isinstance(subject, CheckoutSession):
            payment = self._payment(book, subject.payment_id, by)
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
        return _About(circumstances, subject, customer, due_at)

    def _payment(self, book: str, payment_id: str, by: int) -> Payment | None:
        payment: Payment | None = None
        for stored in self._ledger.read_parts(book, {payment_id: (0, sys.maxsize)}):
            if stored.position <= by:
                payment = cast(Payment, self._mapper.decode(stored).mutate(payment))
        return payment

    async def _count(
        self,
        report: Report,
        rule: WorkflowRule,
        number: int,
        action: Action,
        occurrence: Occurrence,
        about: _About,
    ) -> None:
        counted = report.actions[number]
        if action["type"] not in KINDS:
            if action["type"] != "webhook" and about.circumstances.customer_id is None:
                counted.skipped["nobody is known whom it is about"] += 1
            else:
                counted.would_do += 1
            return
        recipient = recipient_of(action, about.customer)
        if isinstance(recipient, Skipped):
            counted.skipped[recipient.reason] += 1
            return
        counted.would_do += 1
        if action["type"] == "send_sms" or len(report.examples) < _EXAMPLES:
            doing = _doing(rule, number, action, occurrence, about)
            await self._written(report, counted, doing, recipient)

    async def _written(
        self, report: Report, counted: ActionCount, doing: Doing, recipient: str
    ) -> None:
        book, action = doing.step.book, doing.action
        try:
            words = await self._writing.words(book, action)
            message = await self._writing.message(doing, recipient, words)
        except (CannotBeSaid, BadTemplate, MessageTooLong) as wrong:
            counted.would_do -= 1
            counted.skipped[str(wrong)] += 1
            return
        if isinstance(message, Sms):
            await self._add_cost(counted, book, action, message)
        if len(report.examples) < _EXAMPLES:
            customer_id = doing.circumstances.customer_id
            example = Example(doing.step.position, doing.step.number, customer_id, message)
            report.examples.append(example)

    async def _add_cost(
        self, counted: ActionCount, book: str, action: Action, message: Sms
    ) -> None:
        counted.segments += message.segments
        prices = await self._prices(book, action)
        cost = prices.cost_of(message.segments)
        if cost is not None:
            counted.cost = (counted.cost or Decimal(0)) + cost
            counted.currency = prices.price_currency

    async def _prices(self, book: str, action: Action) -> SmsSettings:
        try:
            integration = await self._writing.integration(book, action)
            return SmsSettings.model_validate(_of_prices(integration.config))
        except (CannotBeSaid, ValidationError):
            return SmsSettings()


def loading(ledger: Ledger) -> Load[Any]:
    """Aggregates straight from the ledger, each read once."""
    mapper, known = FactMapper(), dict[tuple[str, str], Entity | None]()

    async def load(kind: type[Entity], book: str, stream: str) -> Entity | None:
        if (book, stream) not in known:
            entity: Entity | None = None
            for stored in ledger.read_stream(book, stream):
                entity = mapper.decode(stored).mutate(entity)
            known[book, stream] = entity
        found = known[book, stream]
        return found if isinstance(found, kind) else None

    return load


def _of_prices(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name in SmsSettings.model_fields}


def _doing(
    rule: WorkflowRule, number: int, action: Action, occurrence: Occurrence, about: _About
) -> Doing:
    stored = occurrence.stored
    step = Step(
        *(stored.book, rule.id, stored.position, number, action["type"], "pending", about.due_at),
        started_at=about.due_at,
    )
    return Doing(
        rule=rule,
        action=action,
        step=step,
        occurrence=occurrence,
        circumstances=about.circumstances,
        subject=about.subject,
        customer=about.customer,
        now=datetime.fromisoformat(about.due_at),
        only_says=True,
    )
