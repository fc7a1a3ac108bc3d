"""Delivery worker: tells all endpoints of a store, as far as no other process does."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from delivery import cursors
from delivery.progress import DeliveryProgress
from delivery.recorder import Recorder
from delivery.webhooks.book_deliveries import BookDeliveries
from delivery.webhooks.services import Services
from domain.webhook_endpoint import ENDPOINT
from ledger.lease import Lease, acquire, held_among, release, renew
from ledger.supervised_threads import ThreadLog

LEASE: Final = "delivery"

_LEASE_SECONDS: Final = 10.0
_RENEWED_AFTER_SECONDS: Final = 3.0


class DeliveryWorker:
    """Lives on one event loop; ``notify`` and ``close`` may be called from any thread.

    A book is worked by one process at a time. ``looks_every_seconds``: how soon is seen what other
    processes recorded.
    """

    def __init__(
        self, services: Services, recorder: Recorder, *, looks_every_seconds: float
    ) -> None:
        self._services = services
        self._recorder = recorder
        self._looks_every_seconds = looks_every_seconds
        self._holder = uuid4().hex
        self._books: dict[str, BookDeliveries] = {}
        self._renewed_at: dict[str, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._awake = asyncio.Event()
        self._closing = False
        self.progress = DeliveryProgress(sent=services.sent)
        self._log = ThreadLog("delivery")
        recorder.on_lost(self._lose)

    def notify(self, heads: Mapping[str, int]) -> None:
        """Something was recorded in this process: the new heads of books.

        Called by the thread that writes: where nobody is told, nobody is woken.
        """
        if self._loop is not None and any(book in self._books for book in heads):
            self._loop.call_soon_threadsafe(self._reach, dict(heads))

    def close(self) -> None:
        self._closing = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._awake.set)

    async def work_until_closed(self) -> None:
        self._loop = asyncio.get_running_loop()
        recording = asyncio.create_task(self._recorder.run())
        try:
            while not self._closing:
                try:
                    await self._look()
                except Exception as error:  # noqa: BLE001 (logged, and tried again the next time)
                    self._log.note(error, "could not look for whom to tell")
                self._sum_up()
                self._awake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._looks_every_seconds):
                        await self._awake.wait()
        finally:
            await self._end()
            recording.cancel()

    async def _look(self) -> None:
        services, ask = self._services, self._services.ask
        told = await ask(services.ledger.books_holding, ENDPOINT)
        if not told and not self._books:
            return
        heads = await ask(services.ledger.heads)
        for book in await self._free(set(told) - self._books.keys()):
            await self._take(book, heads.get(book, 0))
        replays = await ask(cursors.replays_of, services.ledger.engine, list(self._books))
        for book, deliveries in list(self._books.items()):
            if await self._holds(deliveries.lease):
                if heads.get(book, 0) > deliveries.head:
                    deliveries.reaches(heads[book])
                begun = {each[1:] for each in replays if each[0] == book}
                # Endpoints come and go with facts; replays without.
                if deliveries.listed_at < deliveries.head or not deliveries.works(begun):
                    await deliveries.look()
            else:
                self._lose(deliveries.lease)

    def _sum_up(self) -> None:
        told = [(book, cursor) for book in self._books.values() for cursor in book.working]
        progress = self.progress
        progress.endpoints = len({cursor.lanes.cursor.follower for _, cursor in told})
        progress.failing = sum(cursor.is_failing for _, cursor in told)
        progress.backlog = sum(
            max(0, (cursor.lanes.cursor.until or book.head) - cursor.lanes.position)
            for book, cursor in told
        )
        progress.behind = sum(cursor.lanes.behind for _, cursor in told)
        waiting = [cursor.lanes.oldest_waiting_at for _, cursor in told]
        progress.oldest_waiting_at = min(filter(None, waiting), default=None)

    async def _free(self, books: set[str]) -> list[str]:
        """Those that nobody works: to try to take the others would be a write for each look."""
        if not books:
            return []
        engine = self._services.ledger.engine
        return sorted(books - await self._services.ask(held_among, engine, books, LEASE))

    async def _take(self, book: str, head: int) -> None:
        engine = self._services.ledger.engine
        lease = await self._services.in_a_thread(
            acquire, engine, book, LEASE, self._holder, seconds=_LEASE_SECONDS
        )
        if lease is not None:
            self._renewed_at[book] = time.monotonic()
            self._books[book] = BookDeliveries(self._services, self._recorder, lease, head)

    async def _holds(self, lease: Lease) -> bool:
        now = time.monotonic()
        if now - self._renewed_at[lease.book] < _RENEWED_AFTER_SECONDS:
            return True
        self._renewed_at[lease.book] = now
        engine = self._services.ledger.engine
        return await self._services.in_a_thread(renew, engine, lease, seconds=_LEASE_SECONDS)

    def _reach(self, heads: Mapping[str, int]) -> None:
        for book, head in heads.items():
            deliveries = self._books.get(book)
            if deliveries is not None and head > deliveries.head:
                deliveries.reaches(head)

    def _lose(self, lease: Lease) -> None:
        deliveries = self._books.get(lease.book)
        if deliveries is not None and deliveries.lease == lease:
            del self._books[lease.book]
            deliveries.stop()

    async def _end(self) -> None:
        books = list(self._books.values())
        await asyncio.gather(*(each.close() for each in books))
        with contextlib.suppress(Exception):
            await self._recorder.write_now()
        for each in books:
            with contextlib.suppress(Exception):
                await self._services.in_a_thread(release, self._services.ledger.engine, each.lease)
