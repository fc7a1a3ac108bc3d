"""Workflow worker: what follows when something happens, in a thread with a loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from api.resources.event_data import data_of
from commands.handling.handler import CommandHandler
from commands.unsubscribing import token_of
from delivery.http_client import HttpClient
from delivery.messages.providers import Senders
from delivery.subjects import Subjects
from delivery.warnings import Warner
from delivery.workflows.asking import Asking
from delivery.workflows.calling import Calling
from delivery.workflows.customer_money import CustomerMoney, payments_of
from delivery.workflows.executing import Executor
from delivery.workflows.executions import ActionState
from delivery.workflows.following import Follower
from delivery.workflows.past import Past
from delivery.workflows.sending import Sending
from delivery.workflows.tagging import tagging
from delivery.workflows.worker import WorkflowWorker
from delivery.workflows.writing import UnsubscribeUrl, Writing
from domain.organization import Organization
from ledger.clock import Clock
from ledger.keyring import Keyring
from ledger.ledger import Ledger
from ledger.supervised_threads import supervised_thread
from projections.engine.live.reader import Views
from whence.settings import Settings
from whence.wiring import handling, utc_now
from whence.worker_lease import its_turn_of

_TURN_SECONDS: Final = 10


@contextmanager
def carrying_out_workflows(
    settings: Settings,
    ledger: Ledger,
    keyring: Keyring,
    views: Views,
    *,
    clock: Clock = utc_now,
    count: Callable[[ActionState], None] = lambda _state: None,
) -> Iterator[None]:
    """For as long as the context is; what was begun by then is finished.

    ``count`` is told what came of each try of an action.
    """
    with (
        handling(ledger, clock=clock, keyring=keyring) as handler,
        its_turn_of(ledger.engine, "workflows", seconds=_TURN_SECONDS) as its_turn,
        _following(settings, ledger, handler, views, its_turn, count),
    ):
        yield


@contextmanager
def _following(
    settings: Settings,
    ledger: Ledger,
    handler: CommandHandler,
    views: Views,
    its_turn: Callable[[], bool],
    count: Callable[[ActionState], None],
) -> Iterator[None]:
    closing = threading.Event()
    working: list[WorkflowWorker] = []

    async def work() -> None:
        networks = settings.allowed_networks
        async with HttpClient(allowed_networks=networks) as client:
            senders = Senders(client, allowed_networks=networks)
            writing = Writing(
                ledger, handler.load_recent, unsubscribe_url=unsubscribe_url(settings.public_url)
            )
            sending = Sending(handler, senders, writing)
            worker = _worker(ledger, handler, views, client, sending, its_turn, count)
            working[:] = [worker]
            if closing.is_set():
                return
            warning = asyncio.create_task(
                Warner(ledger, handler, senders, its_turn=its_turn).work()
            )
            try:
                await worker.work_until_closed()
            finally:
                warning.cancel()

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


def _worker(
    ledger: Ledger,
    handler: CommandHandler,
    views: Views,
    client: HttpClient,
    sending: Sending,
    its_turn: Callable[[], bool],
    count: Callable[[ActionState], None],
) -> WorkflowWorker:
    """The parts, joined; they live on the loop that runs them."""
    subjects = Subjects(ledger)
    asking = Asking(Past(ledger), CustomerMoney(ledger, payments_of(views)))
    actions = {
        "add_tag": tagging(handler, adds=True),
        "remove_tag": tagging(handler, adds=False),
        "webhook": Calling(handler, client, data_of).call,
        **sending.actions,
    }
    executor = Executor(ledger, handler, subjects, asking, actions, count=count)
    return WorkflowWorker(ledger, Follower(ledger, subjects, asking), executor, its_turn=its_turn)


def unsubscribe_url(public_url: str) -> UnsubscribeUrl:
    """Where whoever is written to says that they want no more, on the pages of this service."""

    def url(organization: Organization, customer_id: str, channel: str) -> str:
        token = token_of(organization, customer_id, channel) if public_url else None
        return f"{public_url}/unsubscribe/{token}" if token else ""

    return url
