"""Workflow worker: follows every book that has rules, and does what is due.

Any number of them may work on one store: who moves a cursor, or takes an action, is alone with it.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Final

from delivery.workflows.customer_money import ViewsAreLate
from delivery.workflows.executing import Executor
from delivery.workflows.following import Follower
from domain.workflow_rule import WORKFLOWS
from ledger.ledger import Ledger
from ledger.supervised_threads import ThreadLog
from projections.engine.generations.generations import ViewsRebuilding

# Other processes record and other processes die: so often it is looked without being told.
_LOOKS_EVERY_SECONDS: Final = 1.0
_AT_ONCE: Final = 64
# Whoever's receiver takes longer than this is left to itself, and the others go on.
_PATIENCE_SECONDS: Final = 0.25


class WorkflowWorker:
    """Lives on one event loop; `notify` and `close` may be called from any thread.

    While it is not ``its_turn`` it leaves the looking to others.
    """

    def __init__(
        self,
        ledger: Ledger,
        follower: Follower,
        executor: Executor,
        *,
        its_turn: Callable[[], bool] = lambda: True,
    ) -> None:
        self._ledger = ledger
        self._follower = follower
        self._executor = executor
        self._its_turn = its_turn
        self._closing = threading.Event()
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._under_way: dict[str, asyncio.Task[int]] = {}
        # Books that had rules when it was last looked.
        self._followed: frozenset[str] = frozenset()
        self._thread_log = ThreadLog("workflows")

    def notify(self, heads: Mapping[str, int]) -> None:
        """Something was recorded in these books.

        Called by the thread that writes: where nothing can follow, nobody looks.
        """
        if not self._followed.isdisjoint(heads):
            self._wake()

    def close(self) -> None:
        """Begins nothing new; what has been begun is finished."""
        self._closing.set()
        self._wake()

    async def work_until_closed(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        while not self._closing.is_set():
            self._woken.clear()
            busy = await self._look()
            if not busy and not self._closing.is_set():
                await self._rest()
        await asyncio.gather(*self._under_way.values())

    async def work_everything(self) -> int:
        """Follows to the ends of all books, and does all that is due; how much that was."""
        done = 0
        while worked := await self._work_every_book():
            done += worked
        return done

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._woken.set)

    async def _look(self) -> bool:
        try:
            its_turn = await asyncio.to_thread(self._its_turn)
            return its_turn and bool(await self._work_every_book(patience=_PATIENCE_SECONDS))
        except Exception as error:  # noqa: BLE001 (logged, and looked again)
            self._thread_log.note(error, "could not look what follows")
            return False

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), _LOOKS_EVERY_SECONDS)
        except TimeoutError:
            return

    async def _work_every_book(self, *, patience: float | None = None) -> int:
        """How much was done by now; what of a book takes longer is counted once it is over."""
        books = await asyncio.to_thread(self._ledger.books_holding, WORKFLOWS)
        self._followed = frozenset(books)
        if not books:
            return 0
        heads = await asyncio.to_thread(self._ledger.heads)
        for book in books:
            if book not in self._under_way:
                work = self._work_in_turn(book, heads.get(book, 0))
                self._under_way[book] = asyncio.create_task(work)
        over, _ = await asyncio.wait(self._under_way.values(), timeout=patience)
        self._under_way = {book: task for book, task in self._under_way.items() if task not in over}
        return sum(task.result() for task in over)

    async def _work_in_turn(self, book: str, head: int) -> int:
        async with self._places:
            done = await self._work(book, head)
        if done:
            self._woken.set()
        return done

    async def _work(self, book: str, head: int) -> int:
        if self._closing.is_set():
            return 0
        followed = executed = 0
        try:
            followed = await self._follower.follow(book, head=head)
        except (ViewsAreLate, ViewsRebuilding):
            pass
        except Exception as error:  # noqa: BLE001 (logged; other books do not wait for it)
            self._thread_log.note(error, "could not follow a book", book=book)
        try:
            executed = await self._executor.execute(book)
        except Exception as error:  # noqa: BLE001 (logged; other books do not wait for it)
            self._thread_log.note(error, "could not do what is due in a book", book=book)
        return followed + executed
