"""Workflow worker: what follows when something happens, in a thread with a loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from api.resources.event_data import data_of
from commands.handling.handler import CommandHandler
from delivery.addresses import Network
from delivery.http_client import HttpClient
from delivery.messages.providers import Senders
from delivery.subjects import Subjects
from delivery.workflows.asking import Asking
from delivery.workflows.calling import Calling
from delivery.workflows.customer_money import CustomerMoney, payments_of
from delivery.workflows.executing import Executor
from delivery.workflows.following import Follower
from delivery.workflows.sending import Sending
from delivery.workflows.tagging import tagging
from delivery.workflows.worker import WorkflowWorker
from delivery.workflows.writing import Writing
from ledger.ledger import Ledger
from ledger.supervised_threads import supervised_thread
from projections.engine.live.reader import Views


@contextmanager
def following(
    ledger: Ledger,
    handler: CommandHandler,
    views: Views,
    *,
    allowed_networks: Collection[Network] = (),
    its_turn: Callable[[], bool],
) -> Iterator[None]:
    """Carries out workflows for as long as the context is; what was begun by then is finished."""
    closing = threading.Event()
    working: list[WorkflowWorker] = []

    async def work() -> None:
        async with HttpClient(allowed_networks=allowed_networks) as client:
            senders = Senders(client, allowed_networks=allowed_networks)
            worker = workflow_worker(ledger, handler, views, client, senders, its_turn=its_turn)
            working[:] = [worker]
            if not closing.is_set():
                await worker.work_until_closed()

    def notify(heads: Mapping[str, int]) -> None:
        for worker in working:
            worker.notify(heads)

    ledger.on_commit(notify)
    thread = supervised_thread(lambda: asyncio.run(work()), name="workflows", closing=closing)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        for worker in working:
            worker.close()
        thread.join()


def workflow_worker(
    ledger: Ledger,
    handler: CommandHandler,
    views: Views,
    client: HttpClient,
    senders: Senders,
    *,
    its_turn: Callable[[], bool] = lambda: True,
) -> WorkflowWorker:
    """The parts, joined; they live on the loop that runs them."""
    subjects = Subjects(ledger)
    asking = Asking(ledger, CustomerMoney(ledger, payments_of(views)))
    actions = {
        "add_tag": tagging(handler, adds=True),
        "remove_tag": tagging(handler, adds=False),
        "webhook": Calling(handler, client, data_of).call,
        **Sending(handler, senders, Writing(ledger, handler.load_recent)).actions,
    }
    executor = Executor(ledger, handler, subjects, asking, actions)
    return WorkflowWorker(ledger, Follower(ledger, subjects, asking), executor, its_turn=its_turn)
