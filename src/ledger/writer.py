"""Group commit: one thread writes, and many callers share one commit.

What is asked while a commit is in flight waits, and is the next batch: so a single caller never
waits for others.
"""

import asyncio
import logging
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from sqlalchemy import Engine
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ledger.append import Append, Outcome
from ledger.batch import Batch
from ledger.clock import Clock
from ledger.errors import (
    LedgerBusy,
    LedgerClosed,
    LedgerUnavailable,
    StoreFull,
    StoreReplaced,
)
from ledger.full_disk import says_full
from ledger.outcomes import Plan
from ledger.writer_connection import WriterConnection

_log = logging.getLogger(__name__)

Committed = Callable[[dict[str, int]], None]
Result = Outcome | Exception
# The results of a batch, and the seconds it took to write and commit it.
Answered = Callable[[Sequence[Result], float], None]

_APPENDS_PER_BATCH = 512
_FACTS_PER_BATCH = 4096
_MOST_WAITING = 16_384
_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 1.0

# Nothing is wrong with the batch: the store was busy, restarting, or somewhere else.
_PASSING = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)


class Waiting:
    """An append and whoever waits for its outcome: a thread, or a task of an event loop."""

    __slots__ = ("append", "future", "loop")

    def __init__(
        self,
        append: Append,
        future: Future[Outcome] | asyncio.Future[Outcome],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self.append = append
        self.future = future
        self.loop = loop


class Writer:
    """The one thread of this process that writes the ledger."""

    def __init__(self, engine: Engine, clock: Clock, *, retry_seconds: float) -> None:
        self._connection = WriterConnection(engine)
        self.is_full = False
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._waiting: deque[Waiting] = deque()
        self._changed = threading.Condition()
        self._is_closing = threading.Event()
        self._committed: list[Committed] = []
        self._answered: list[Answered] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Writes what is waiting, then ends."""
        with self._changed:
            self._is_closing.set()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def on_commit(self, callback: Committed) -> None:
        self._committed.append(callback)

    def on_answer(self, callback: Answered) -> None:
        self._answered.append(callback)

    def submit(self, waiting: Iterable[Waiting]) -> None:
        """Raises LedgerClosed before `start` and after `close`, LedgerBusy when too many wait."""
        with self._changed:
            if self._is_closing.is_set() or self._thread is None:
                raise LedgerClosed("the ledger is not open")
            if len(self._waiting) >= _MOST_WAITING:
                raise LedgerBusy(f"{_MOST_WAITING} others are waiting for the ledger")
            self._waiting.extend(waiting)
            self._changed.notify()

    def _run(self) -> None:
        while batch := self._next_batch():
            try:
                self._serve(batch)
            except Exception as error:  # noqa: BLE001 (nobody could write without this thread)
                _log.exception("a batch was written and could not be answered")
                _answer(batch, [error] * len(batch))
        self._connection.release()

    def _serve(self, batch: Sequence[Waiting]) -> None:
        began = time.perf_counter()
        results, heads = self._write([waiting.append for waiting in batch])
        seconds = time.perf_counter() - began
        _answer(batch, results)
        away = next((each for each in results if isinstance(each, LedgerUnavailable)), None)
        self.is_full = isinstance(away, StoreFull)
        if away is not None:
            self._send_away(away)
        if heads:
            _tell(self._committed, heads)
        _tell(self._answered, results, seconds)

    def _next_batch(self) -> list[Waiting]:
        batch: list[Waiting] = []
        with self._changed:
            while not self._waiting and not self._is_closing.is_set():
                self._changed.wait()
            facts = 0
            while self._waiting and len(batch) < _APPENDS_PER_BATCH:
                facts += len(self._waiting[0].append.facts)
                if batch and facts > _FACTS_PER_BATCH:
                    break
                batch.append(self._waiting.popleft())
        return batch

    def _send_away(self, found: LedgerUnavailable) -> None:
        """Whoever waits behind a batch that found the store away would wait as long again."""
        with self._changed:
            waiting = list(self._waiting)
            self._waiting.clear()
        away = LedgerUnavailable("the store cannot be reached: nothing was sent")
        is_told = isinstance(found, (StoreFull, StoreReplaced))
        _answer(waiting, [found if is_told else away] * len(waiting))

    def _write(self, appends: Sequence[Append]) -> tuple[Sequence[Result], dict[str, int]]:
        """The outcome or the error of each append, and the new heads of the books."""
        try:
            plan = self._write_with_retries(Batch(appends))
        except LedgerUnavailable as unavailable:
            return [unavailable] * len(appends), {}
        except Exception as error:  # noqa: BLE001 (whoever waits must be answered, whatever it is)
            # Something in the batch cannot be stored at all: the others must not suffer for it.
            if len(appends) == 1:
                return [error], {}
            results: list[Result] = []
            heads: dict[str, int] = {}
            for append in appends:
                result, head = self._write([append])
                results += result
                heads |= head
            return results, heads
        return plan.outcomes, {book: head.position for book, head in plan.heads.items()}

    def _write_with_retries(self, batch: Batch) -> Plan:
        give_up_at = time.monotonic() + self._retry_seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return batch.write(self._connection, self._clock)
            except (DBAPIError, PoolTimeoutError) as error:
                if isinstance(error, DBAPIError) and says_full(error.orig):
                    raise StoreFull from error
                if not (isinstance(error, _PASSING) or _is_cut(error)):
                    raise
                if time.monotonic() + pause > give_up_at:
                    raise LedgerUnavailable(
                        f"the store did not answer for {self._retry_seconds:g} seconds"
                    ) from error
                if pause == _FIRST_PAUSE_SECONDS:
                    _log.warning("the store could not be written, trying again: %s", error.args[0])
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _tell(callbacks: Iterable[Callable[..., None]], *news: object) -> None:
    for callback in callbacks:
        try:
            callback(*news)
        except Exception:  # noqa: BLE001 (a listener must not end the writer)
            _log.exception("a callback after a commit failed")


def _is_cut(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _answer(batch: Sequence[Waiting], results: Sequence[Result]) -> None:
    """Answers threads at once, and each event loop with one wake for all of its tasks."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Outcome], Result]]]
    loops = defaultdict(list)
    for waiting, result in zip(batch, results, strict=True):
        if waiting.loop is not None and isinstance(waiting.future, asyncio.Future):
            loops[waiting.loop].append((waiting.future, result))
        else:
            resolve_futures([(waiting.future, result)])
    for loop, answers in loops.items():
        try:
            loop.call_soon_threadsafe(resolve_futures, answers)
        except RuntimeError:
            _log.warning("%d callers left before they were answered", len(answers))


def resolve_futures(
    answers: Iterable[tuple[Future[Outcome] | asyncio.Future[Outcome], Result]],
) -> None:
    """Hands out results; whoever has stopped waiting is passed over."""
    for future, result in answers:
        if future.done():
            continue
        # A thread may leave at any moment, this one included.
        with suppress(InvalidStateError):
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
