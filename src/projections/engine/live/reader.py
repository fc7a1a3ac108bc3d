"""View reader: answers queries from the views, and lets everybody read their own writes.

A query waits until the views have reached the position the head of its book had when the query
came in: so everybody sees their own writes, and all that came before.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Generic, Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ledger.errors import StoreReplaced
from ledger.ledger import Ledger
from projections.engine.folding.checkpoints import Checkpoint, read_checkpoints
from projections.engine.generations.database_errors import patiently
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.generations.lost_views import says_lost
from projections.engine.live.furthest import furthest
from projections.engine.live.held import Held
from projections.engine.turns import Turns, organization_of

T = TypeVar("T")
# Runs on a connection; what it takes over of the stack outlives it.
_Reading = Callable[[Connection, ExitStack], T]

_SHORTEST_POLL_SECONDS = 0.01
_LONGEST_POLL_SECONDS = 0.25
_THREADS = 8
# Each holds a thread, a connection, and a moment of the views, until all of it is read.
_MOST_STREAMS = 4
_MOST_STREAMS_OF_ONE = 2
# Each holds a connection and a moment for some milliseconds, and waits for the views meanwhile.
_MOST_MOMENTS = 4
_MOST_MOMENTS_OF_ONE = 3


@dataclass(frozen=True, slots=True)
class QueryResult(Generic[T]):
    """A result, the position of the book it shows, and how many facts it is behind the head."""

    result: T
    position: int
    behind: int


class Views:
    """Asks the serving generation; queries run on a bounded number of threads, in turns.

    `serving` names the generation for each query, or raises ViewsRebuilding, and so does
    `whole_ones` that and all others from which anybody may have been told something;
    `prioritize` is called with the book that a query has to wait for, `lost` with a generation
    whose tables are not there any more, and the error.
    """

    def __init__(
        self,
        ledger: Ledger,
        serving: Callable[[], Generation],
        *,
        whole_ones: Callable[[], Sequence[Generation]] | None = None,
        prioritize: Callable[[str], None] = lambda _book: None,
        lost: Callable[[Generation, Exception], None] = lambda _generation, _error: None,
        threads: int = _THREADS,
    ) -> None:
        self._ledger = ledger
        self._serving = serving
        self._whole_ones = whole_ones or (lambda: [serving()])
        self._prioritize = prioritize
        self._lost = lost
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="views")
        self._lock = threading.Lock()
        self._waiting: dict[str, set[_Waiter]] = {}
        # None of these is long, so one organization may have all turns; the next goes round.
        self._queries = Turns(at_once=threads, of_one=threads)
        self._streams = Turns(at_once=_MOST_STREAMS, of_one=_MOST_STREAMS_OF_ONE)
        self._moments = Turns(at_once=_MOST_MOMENTS, of_one=_MOST_MOMENTS_OF_ONE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    @property
    def waiting(self) -> int:
        """How many queries wait for the views at this moment."""
        with self._lock:
            return sum(len(waiters) for waiters in self._waiting.values())

    @property
    def streaming(self) -> int:
        """How many streams are open at this moment."""
        return self._streams.under_way

    async def ask(
        self, book: str, query: Callable[[Connection], T], *, wait_seconds: float = 2.0
    ) -> QueryResult[T]:
        """Run `query` in one read transaction that shows at least the head as of now.

        After `wait_seconds`, or at once for a parked book, it answers with what there is. Raises
        ViewsRebuilding while no generation fits the code, and whatever `query` raises.
        """
        return await self._answer(book, lambda db, _transaction: query(db), wait_seconds)

    @asynccontextmanager
    async def stream(
        self, book: str, query: Callable[[Connection], Iterator[T]], *, wait_seconds: float = 2.0
    ) -> AsyncIterator[QueryResult[AsyncIterator[T]]]:
        """As `ask`, for an answer of any length: what `query` yields is read as it is taken.

        Only so many are open at once, and fewer of one organization; others wait for their turn.
        """
        async with self.held(book, wait_seconds=wait_seconds, turns=self._streams) as moment:
            parts = await moment.ask(query)
            yield QueryResult(self._taken(parts), moment.position, moment.behind)

    @asynccontextmanager
    async def held(
        self, book: str, *, wait_seconds: float = 2.0, turns: Turns | None = None
    ) -> AsyncIterator[Held]:
        """As `ask`, for several questions of one moment: its transaction is open until the end."""
        async with (turns or self._moments).turn(organization_of(book)):
            answer = await self._answer(book, _begun, wait_seconds)
            connection, transaction = answer.result
            moment = Held(connection, answer.position, answer.behind, self._run)
            try:
                yield moment
            finally:
                await moment.idle()
                await self._run(transaction.close)

    async def _taken(self, parts: Iterator[T]) -> AsyncIterator[T]:
        while (part := await self._run(partial(next, parts, _END))) is not _END:
            yield part

    async def _answer(self, book: str, query: _Reading[T], wait_seconds: float) -> QueryResult[T]:
        deadline = time.monotonic() + wait_seconds
        answer = await self._attempt(book, query, None, final=wait_seconds <= 0)
        if isinstance(answer, QueryResult):
            return answer
        head, pause = answer, _SHORTEST_POLL_SECONDS
        with self._waiter(book, head) as progress:
            while True:
                left = deadline - time.monotonic()
                answer = await self._attempt(book, query, head, final=left <= 0)
                if isinstance(answer, QueryResult):
                    return answer
                # Other processes do not tell us what they have folded: we look now and then.
                await _either(progress, min(pause, max(0.0, left)))
                pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)

    def notify_progress(self, moved: Mapping[str, Checkpoint]) -> None:
        """A projector of this process moved these books; any thread may say so."""
        with self._lock:
            due = [
                waiter
                for book, checkpoint in moved.items()
                for waiter in self._waiting.get(book, ())
                if checkpoint.position >= waiter.head or checkpoint.parked_error is not None
            ]
        for waiter in due:
            # The loop may have ended meanwhile, and with it whoever waited.
            with suppress(RuntimeError):
                waiter.loop.call_soon_threadsafe(waiter.progress.set)

    async def _attempt(
        self, book: str, query: _Reading[T], head: int | None, *, final: bool
    ) -> QueryResult[T] | int:
        async with self._queries.turn(organization_of(book)):
            return await self._run(partial(self._read, book, query, head, final=final))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _read(
        self, book: str, query: _Reading[T], head: int | None, *, final: bool
    ) -> QueryResult[T] | int:
        """The answer, or the head to wait for while the views are not there yet."""
        goal = self._ledger.head(book) if head is None else head
        generation = self._serving()
        answer = self._read_from(generation, book, query, goal, final=False)
        if final and not isinstance(answer, QueryResult):
            # Who can wait no longer is told the most that anybody was told, a switch or not.
            generation = furthest(self._ledger, self._whole_ones(), book)
            answer = self._read_from(generation, book, query, goal, final=True)
        return answer

    def _read_from(
        self, generation: Generation, book: str, query: _Reading[T], goal: int, *, final: bool
    ) -> QueryResult[T] | int:
        def read() -> QueryResult[T] | int:
            with ExitStack() as transaction:
                connection = transaction.enter_context(generation.reading())
                reached = read_checkpoints(connection, [book]).get(book, Checkpoint())
                if reached.position < goal and reached.parked_error is None and not final:
                    return goal
                behind = max(0, goal - reached.position)
                return QueryResult(query(connection, transaction), reached.position, behind)

        try:
            return patiently(read)
        except (DBAPIError, StoreReplaced) as error:
            if not says_lost(error, generation):
                raise
            self._lost(generation, error)
            raise ViewsRebuilding(None) from error

    @contextmanager
    def _waiter(self, book: str, head: int) -> Iterator[asyncio.Event]:
        waiter = _Waiter(asyncio.get_running_loop(), head, asyncio.Event())
        with self._lock:
            self._waiting.setdefault(book, set()).add(waiter)
        self._prioritize(book)
        try:
            yield waiter.progress
        finally:
            with self._lock:
                self._waiting[book].discard(waiter)
                if not self._waiting[book]:
                    del self._waiting[book]


def _begun(connection: Connection, transaction: ExitStack) -> tuple[Connection, ExitStack]:
    return connection, transaction.pop_all()


_END = object()


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    loop: asyncio.AbstractEventLoop
    head: int
    progress: asyncio.Event


async def _either(progress: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await progress.wait()
        progress.clear()
