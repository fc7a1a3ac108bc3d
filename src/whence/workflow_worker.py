"""Workflow worker: what follows when something happens, in a thread with a loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from commands.handling.handler import CommandHandler
from delivery.subjects import Subjects
from delivery.workflows.asking import Asking
from delivery.workflows.customer_money import CustomerMoney, PaymentsOf
from delivery.workflows.executing import Executor
from delivery.workflows.following import Follower
from delivery.workflows.tagging import tagging
from delivery.workflows.worker import WorkflowWorker
from ledger.ledger import Ledger
from ledger.supervised_threads import supervised_thread
from projections.engine.live.reader import Views
from projections.paid_payments import paid_payments


@contextmanager
def following(
    ledger: Ledger, handler: CommandHandler, views: Views, *, its_turn: Callable[[], bool]
) -> Iterator[WorkflowWorker]:
    """Carries out workflows for as long as the context is; what was begun by then is finished."""
    worker = workflow_worker(ledger, handler, views, its_turn=its_turn)
    ledger.on_commit(worker.notify)
    closing = threading.Event()
    thread = supervised_thread(
        lambda: asyncio.run(worker.work_until_closed()), name="workflows", closing=closing
    )
    thread.start()
    try:
        yield worker
    finally:
        closing.set()
        worker.close()
        thread.join()


def workflow_worker(
    ledger: Ledger,
    handler: CommandHandler,
    views: Views,
    *,
    its_turn: Callable[[], bool] = lambda: True,
) -> WorkflowWorker:
    """The parts, joined; they live on the loop that runs them."""
    subjects = Subjects(ledger)
    asking = Asking(ledger, CustomerMoney(ledger, _payments_of(views)))
    actions = {
        "add_tag": tagging(handler, adds=True),
        "remove_tag": tagging(handler, adds=False),
    }
    executor = Executor(ledger, handler, subjects, asking, actions)
    return WorkflowWorker(ledger, Follower(ledger, subjects, asking), executor, its_turn=its_turn)


def _payments_of(views: Views) -> PaymentsOf:
    async def payments_of(book: str, customer_id: str) -> tuple[Sequence[str], int]:
        found = await views.ask(book, lambda db: paid_payments(db, book, customer_id))
        return found.result, found.position

    return payments_of
