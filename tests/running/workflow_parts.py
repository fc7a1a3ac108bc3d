"""The parts that carry out workflows, joined as the service joins them but for its views."""

import asyncio
from datetime import UTC, datetime, timedelta

from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from delivery.subjects import Subjects
from delivery.workflows import executions
from delivery.workflows.asking import Asking
from delivery.workflows.customer_money import CustomerMoney
from delivery.workflows.executing import Executor
from delivery.workflows.executions import Wanted
from delivery.workflows.following import Follower
from delivery.workflows.past import Past
from delivery.workflows.tagging import tagging
from delivery.workflows.worker import WorkflowWorker
from domain.payment import Payment
from ledger.facts import FactMapper


def do_what_follows(ledger, *, ahead=timedelta(), **actions):
    """Does all that follows by now, or later, in a store, as the service does beside answering."""

    def now():
        return datetime.now(UTC) + ahead

    handler = CommandHandler(ledger, clock=now, ids=Ids(now))
    try:
        asyncio.run(WorkflowParts(ledger, handler, **actions).work())
    finally:
        handler.close()


class WorkflowParts:
    """``actions``: besides adding and removing tags."""

    def __init__(self, ledger, handler, **actions):
        self.ledger = ledger
        subjects = Subjects(ledger)
        asking = Asking(Past(ledger), CustomerMoney(ledger, self._payments_of))
        known = {"add_tag": tagging(handler, adds=True), "remove_tag": tagging(handler, adds=False)}
        self.follower = Follower(ledger, subjects, asking)
        self.executor = Executor(ledger, handler, subjects, asking, known | actions)
        self.worker = WorkflowWorker(ledger, self.follower, self.executor)

    async def work(self):
        return await self.worker.work_everything()

    def executions(self, book):
        """Oldest first."""
        return executions.executions_of(self.ledger.engine, book, Wanted(), limit=999)[::-1]

    def steps(self, execution):
        engine = self.ledger.engine
        return executions.steps_of(engine, execution.book, execution.rule, execution.position)

    async def _payments_of(self, book, customers):
        """From the facts, without views: those that had, or were given, this customer."""
        mapper, found = FactMapper(), set()
        for stored in self.ledger.read(book, limit=9999):
            if stored.topic.startswith("payment."):
                fact = mapper.decode(stored)
                if isinstance(fact, Payment.Event) and fact.customer_id in customers:
                    found.add((stored.stream, fact.customer_id))
        return sorted(found), self.ledger.head(book)
