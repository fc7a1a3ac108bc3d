"""Delivering: the parts of the deliverer joined, and run until it is closed, in a thread or not."""

import asyncio
import threading
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final

import uvloop
from sqlalchemy import Engine

from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from delivery.addresses import Network
from delivery.envelopes import DataOf
from delivery.http_client import HttpClient
from delivery.progress import DeliveryProgress
from delivery.recorder import Recorder
from delivery.resolver import Lookup, getaddrinfo
from delivery.subjects import Subjects
from delivery.webhooks.previous import Previous
from delivery.webhooks.services import Rules, Services
from delivery.worker import DeliveryWorker
from ledger.clock import Clock
from ledger.keyring import Keyring
from ledger.ledger import Ledger
from ledger.supervised_threads import supervised_thread

_THREADS: Final = 4


@dataclass
class Deliverer:
    """Tells others what is recorded; ``engine`` is for what may be lost in a power cut."""

    ledger: Ledger
    engine: Engine
    keyring: Keyring
    data_of: DataOf
    previous: Previous
    clock: Clock
    rules: Rules = field(default_factory=Rules)
    allowed_networks: Collection[Network] = ()
    looks_every_seconds: float = 1.0
    lookup: Lookup = getaddrinfo
    worker: DeliveryWorker | None = None
    _closing: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.ledger.on_commit(self._notify)

    def progress_now(self) -> DeliveryProgress:
        """As it was seen last; all of it is 0 before anything was."""
        return DeliveryProgress() if self.worker is None else self.worker.progress

    def run(self) -> None:
        """Until it is closed; blocks."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._work())

    def close(self) -> None:
        """What has been sent is waited for, for a moment."""
        self._closing.set()
        if self.worker is not None:
            self.worker.close()

    @contextmanager
    def in_a_thread(self) -> Iterator[None]:
        thread = supervised_thread(self.run, name="delivery", closing=self._closing)
        thread.start()
        try:
            yield
        finally:
            self.close()
            thread.join()

    async def _work(self) -> None:
        handler = CommandHandler(
            self.ledger, clock=self.clock, ids=Ids(self.clock), keyring=self.keyring
        )
        with (
            closing(handler),
            ThreadPoolExecutor(_THREADS, thread_name_prefix="delivery") as threads,
        ):
            client = HttpClient(allowed_networks=self.allowed_networks, lookup=self.lookup)
            async with client:
                services = Services(
                    ledger=self.ledger,
                    handler=handler,
                    client=client,
                    data_of=self.data_of,
                    previous=self.previous,
                    rules=self.rules,
                    subjects=Subjects(self.ledger),
                    threads=threads,
                )
                self.worker = DeliveryWorker(
                    services,
                    Recorder(self.engine, threads),
                    looks_every_seconds=self.looks_every_seconds,
                )
                if not self._closing.is_set():
                    await self.worker.work_until_closed()

    def _notify(self, heads: dict[str, int]) -> None:
        if self.worker is not None:
            self.worker.notify(heads)
