"""Billing worker: polls due subscriptions and invoices, and bills them."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, Literal

from commands.billing import bill
from commands.handling.due_index import DUE
from commands.handling.handler import CommandHandler, Context
from domain.errors import NotFound
from ledger.clock import written
from ledger.ledger import Ledger
from ledger.supervised_threads import ThreadLog, is_store_away, supervised_thread

Outcome = Literal["billed", "failed"]

_PAGE: Final = 500
# Of those done at one time many share a commit; more of them would only hold more in memory.
_AT_ONCE: Final = 128
# What could not be billed is not asked about again and again.
_LEFT_ALONE_FOR: Final = timedelta(minutes=5)
_CONTEXT: Final = Context(actor="billing")


class BillingWorker:
    """Bills what is due, oldest first; any number of them may work on one store.

    Each renewal and each retry is a command of its own: whoever is late loses the race and finds
    that it has been done. ``count`` is told of each, and what became of it; while it is not
    ``its_turn`` it leaves the looking to others.
    """

    def __init__(
        self,
        ledger: Ledger,
        handler: CommandHandler,
        *,
        count: Callable[[Outcome], None] = lambda _outcome: None,
        its_turn: Callable[[], bool] = lambda: True,
    ) -> None:
        self._ledger = ledger
        self._handler = handler
        self._count = count
        self._its_turn = its_turn
        self._closing = threading.Event()
        self._thread_log = ThreadLog("billing")
        self._places = asyncio.Semaphore(_AT_ONCE)
        # Streams that failed, and until when they are left alone.
        self._left_alone: dict[tuple[str, str], datetime] = {}

    def close(self) -> None:
        """Begins nothing new; what has been begun is finished."""
        self._closing.set()

    async def bill_until_closed(self, *, every_seconds: float) -> None:
        # Of the loop at hand: it belongs to whichever first had to wait for it.
        self._places = asyncio.Semaphore(_AT_ONCE)
        while not self._closing.is_set():
            try:
                if await asyncio.to_thread(self._its_turn):
                    await self.bill_everything_due()
            except Exception as error:  # noqa: BLE001 (logged, and tried again the next time)
                self._thread_log.note(error, "could not look for what is due")
            await asyncio.to_thread(self._closing.wait, every_seconds)

    async def bill_everything_due(self) -> int:
        """How much was done: renewals and retries, those of missed periods one after the other."""
        done = 0
        while billed := await self._bill_every_book():
            done += billed
        return done

    async def bill_book(self, book: str) -> int:
        """Does the next thing that is due of each subscription and each invoice of a book."""
        done, after, before = 0, "", self._just_after_now()
        while due := await asyncio.to_thread(
            self._ledger.owners_between, book, DUE, after=after, before=before, limit=_PAGE
        ):
            after = due[-1][0]
            done += sum(await asyncio.gather(*(self._bill(book, stream) for _, stream in due)))
        return done

    async def _bill_every_book(self) -> int:
        before = self._just_after_now()
        books = await asyncio.to_thread(self._ledger.books_holding, DUE, before=before)
        done = 0
        for some in range(0, len(books), _AT_ONCE):
            together = books[some : some + _AT_ONCE]
            done += sum(await asyncio.gather(*(self.bill_book(book) for book in together)))
        return done

    async def _bill(self, book: str, stream: str) -> bool:
        async with self._places:
            now = self._handler.clock()
            if self._closing.is_set() or now < self._left_alone.get((book, stream), now):
                return False
            try:
                billed = await self._handler.perform(
                    book, lambda work: bill(work, stream), context=_CONTEXT
                )
            except Exception as error:  # noqa: BLE001 (counted; nobody else has to wait for it)
                if await self._is_deleted(book, error):
                    return False
                self._thread_log.note(error, "could not bill", book=book, stream=stream)
                if not is_store_away(error):
                    self._left_alone[book, stream] = now + _LEFT_ALONE_FOR
                self._count("failed")
                return False
        self._left_alone.pop((book, stream), None)
        if billed:
            self._count("billed")
        return billed

    async def _is_deleted(self, book: str, error: Exception) -> bool:
        """Whether nobody is there to be billed: the book was deleted since it was looked at."""
        return isinstance(error, NotFound) and bool(
            await asyncio.to_thread(self._ledger.deleted, [book])
        )

    def _just_after_now(self) -> str:
        """After every value that begins with this moment, before every one of a later moment."""
        return f"{written(self._handler.clock())}\n\U0010ffff"


@contextmanager
def billing(worker: BillingWorker, *, every_seconds: float) -> Iterator[None]:
    """Bills in a thread with an event loop of its own, as long as the context is."""
    closing = threading.Event()

    def run() -> None:
        asyncio.run(worker.bill_until_closed(every_seconds=every_seconds))

    thread = supervised_thread(run, name="billing", closing=closing)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        worker.close()
        thread.join()
