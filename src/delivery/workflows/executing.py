"""Executing: does what is due, tries again what may come to pass later, and writes down what came.

At least once, whatever crashes: an action that was taken and of which nobody says what came of it
falls due again. What is recorded is recorded once.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from commands.handling.handler import CommandHandler
from delivery.cursors import Attempt
from delivery.messages.results import SendResult
from delivery.subjects import Occurrence, Subjects
from delivery.workflows import due_actions, executions
from delivery.workflows.asking import Asking
from delivery.workflows.circumstances import circumstances_of, of_payment
from delivery.workflows.customer_money import ViewsAreLate
from delivery.workflows.doing import Do, Doing, Done, Given, Skipped
from delivery.workflows.executions import DELAYS, ActionState, Execution, Step
from delivery.workflows.past import Past
from domain.checkout_session import CheckoutSession
from domain.customer import Customer
from domain.fact import Entity
from domain.payment import Payment
from domain.workflow_rule import WorkflowRule
from domain.workflow_triggers import ABANDONED
from ledger.clock import written
from ledger.ledger import Ledger
from ledger.supervised_threads import ThreadLog
from projections.engine.generations.generations import ViewsRebuilding

# Longer than any message takes to be sent.
_TAKEN_FOR: Final = timedelta(minutes=10)
# Conditions that the views are too late for are asked again so soon.
_LATE_VIEWS_WAIT: Final = timedelta(seconds=5)
_PAGE: Final = 100
# Of one book: it takes no place from another.
_AT_ONCE: Final = 20
_LONGEST_DELAY: Final = timedelta(days=1)
# Nobody has paid by then who began to.
_LEFT_BEHIND: Final = ("pending", "requires_action", "failed")


class Executor:
    """Does what is due of any number of books; ``actions`` says how each type is done.

    ``count`` is told what came of each try.
    """

    def __init__(
        self,
        ledger: Ledger,
        handler: CommandHandler,
        subjects: Subjects,
        asking: Asking,
        actions: Mapping[str, Do],
        *,
        count: Callable[[ActionState], None] = lambda _state: None,
    ) -> None:
        self._ledger = ledger
        self._handler = handler
        self._subjects = subjects
        self._asking = asking
        self._actions = actions
        self._count = count
        self._thread_log = ThreadLog("workflows")
        self._past = Past(ledger)

    async def execute(self, book: str) -> int:
        """Does a page of what is due; how much that was."""
        now = self._handler.clock()
        engine = self._ledger.engine
        due = await asyncio.to_thread(due_actions.due, engine, book, now=written(now), limit=_PAGE)
        if not due:
            return 0
        until = written(now + _TAKEN_FOR)
        taken = await asyncio.to_thread(
            due_actions.take, engine, due, now=written(now), until=until
        )
        ordered = sorted(taken, key=lambda step: (step.rule, step.position, step.number))
        together = groupby(ordered, key=lambda step: (step.rule, step.position))
        places = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(
            *(self._follow_through(book, list(steps), places) for _, steps in together)
        )
        return len(due)

    async def _follow_through(
        self, book: str, steps: Sequence[Step], places: asyncio.Semaphore
    ) -> None:
        """The actions of one execution that are due, one after the other."""
        async with places:
            first = steps[0]
            try:
                given = await self._given(book, first.rule, first.position)
                if given is None:
                    return
                for step in steps:
                    await self._do(step, given)
            except (ViewsAreLate, ViewsRebuilding):
                soon = written(self._handler.clock() + _LATE_VIEWS_WAIT)
                await asyncio.to_thread(
                    due_actions.give_back, self._ledger.engine, steps, due_at=soon
                )
            except Exception as error:  # noqa: BLE001 (logged; it falls due again)
                self._thread_log.note(error, "a workflow was cut short", book=book, **_said(first))

    async def _given(self, book: str, rule_id: str, position: int) -> Given | None:
        """The rule as it was, and what it followed from; None: nothing follows after all."""
        ledger = self._ledger
        found = await asyncio.to_thread(
            executions.execution, ledger.engine, book, rule_id, position
        )
        if found is None:
            return None
        rule = await asyncio.to_thread(self._past.as_of, WorkflowRule, book, rule_id, by=position)
        stored = await asyncio.to_thread(ledger.read_at, book, [position])
        occurrences = await asyncio.to_thread(self._subjects.after, book, stored)
        if rule is None or not occurrences:
            return None
        given = await self._about(rule, occurrences[0])
        if found.state == "awaiting" and not await self._decide(found, given):
            return None
        return given

    async def _about(self, rule: WorkflowRule, occurrence: Occurrence) -> Given:
        """What it is about: of a checkout session, its payment as it stands."""
        match occurrence.subject:
            case CheckoutSession() as session:
                book = occurrence.stored.book
                payment = await self._payment(book, session.payment_id)
                circumstances = of_payment(payment, payment.amount)
                customer = await self._customer(book, payment.customer_id)
                return Given(rule, occurrence, circumstances, payment, customer)
            case subject:
                circumstances = circumstances_of(occurrence)
                return Given(rule, occurrence, circumstances, subject, occurrence.customer)

    async def _payment(self, book: str, payment_id: str) -> Payment:
        payment = await self._handler.load_recent(Payment, book, payment_id, by_now=True)
        if payment is None:
            raise Payment.not_found(payment_id)
        return payment

    async def _customer(self, book: str, customer_id: str | None) -> Customer | None:
        if customer_id is None:
            return None
        return await self._handler.load_recent(Customer, book, customer_id)

    async def _decide(self, execution: Execution, given: Given) -> bool:
        """Asks the conditions now that it is their turn."""
        engine = self._ledger.engine
        if await self._is_met(given):
            customer_id = given.circumstances.customer_id or ""
            confirmed = execution._replace(customer=customer_id)
            now = written(self._handler.clock())
            await asyncio.to_thread(due_actions.confirm, engine, confirmed, now=now)
            return True
        await asyncio.to_thread(due_actions.forget, engine, execution)
        return False

    async def _is_met(self, given: Given) -> bool:
        rule, occurrence = given.rule, given.occurrence
        if rule.trigger == ABANDONED and not was_left_behind(given.subject):
            return False
        head = await asyncio.to_thread(self._ledger.head, occurrence.stored.book)
        return await self._asking.met(
            rule.conditions, occurrence, by=head, circumstances=given.circumstances
        )

    async def _do(self, step: Step, given: Given) -> None:
        began, beginning = self._handler.clock(), time.monotonic()
        doing = given.doing(step, now=began, only_says=given.rule.shadow)
        done = await self._done(doing)
        took = round((time.monotonic() - beginning) * 1000)
        attempt = None if doing.only_says else _attempt(step, done, began, milliseconds=took)
        now = self._handler.clock()
        after, engine = _after(step, done, now), self._ledger.engine
        recorded = await asyncio.to_thread(
            due_actions.record, engine, step, after, now=written(now), attempt=attempt
        )
        if recorded:
            self._count(after.state)

    async def _done(self, doing: Doing) -> Done | Skipped:
        current = await self._handler.load_recent(WorkflowRule, doing.step.book, doing.rule.id)
        if current is None or not current.is_in_force:
            return Skipped("the workflow was switched off before it was done")
        try:
            done = await self._actions[doing.action["type"]](doing)
        except Exception as error:  # noqa: BLE001 (tried again: what it was is in the log)
            where = {"book": doing.step.book, "action": doing.action["type"]}
            self._thread_log.note(error, "an action failed", **where, **_said(doing.step))
            return Done(SendResult("later", error="something went wrong on our side"))
        return done.without(doing.addresses) if isinstance(done, Done) else done


def was_left_behind(subject: Entity) -> bool:
    """Whether somebody who is known began to pay, and did not."""
    return (
        isinstance(subject, Payment)
        and subject.customer_id is not None
        and subject.status in _LEFT_BEHIND
    )


def _after(step: Step, done: Done | Skipped, now: datetime) -> Step:
    """The action as it stands after a try."""
    if isinstance(done, Skipped):
        return step._replace(
            state="skipped", due_at="", completed_at=written(now), error=done.reason
        )
    said = step._replace(
        template_version=done.template_version,
        integration=done.integration or step.integration,
        response=done.result.response,
        error=done.result.error or "",
    )
    again = _again(step.attempts, done.result)
    if again is not None:
        return said._replace(state="retrying", due_at=written(now + again))
    state: ActionState = "success" if done.result.status == "sent" else "failed"
    return said._replace(state=state, due_at="", completed_at=written(now))


def _attempt(
    step: Step, done: Done | Skipped, at: datetime, *, milliseconds: int
) -> Attempt | None:
    """How a try went; None: there was a reason not to try."""
    if isinstance(done, Skipped):
        return None
    return Attempt(
        step.book,
        step.rule,
        str(step.number),
        step.position,
        step.attempts,
        written(at),
        url="",
        http_status=0,
        response=done.result.response,
        milliseconds=milliseconds,
        error=done.result.error or "",
    )


def _said(step: Step) -> dict[str, Any]:
    return {"workflow": step.rule, "position": step.position}


def _again(attempts: int, result: SendResult) -> timedelta | None:
    """How long until the next try; None: there is none."""
    if result.status != "later" or attempts > len(DELAYS):
        return None
    asked = timedelta(seconds=result.retry_after or 0)
    return min(max(DELAYS[attempts - 1], asked), _LONGEST_DELAY)
