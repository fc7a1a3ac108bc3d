"""Group commit: one thread writes, and many callers share one commit.

What is asked while a commit is in flight waits, and is the next batch: so a single caller never
waits for others.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ledger.append import Append
from ledger.batch import Batch, is_lock_timeout
from ledger.clock import Clock
from ledger.errors import (
    LedgerBusy,
    LedgerClosed,
    LedgerUnavailable,
    StoreFull,
)
from ledger.full_disk import says_full
from ledger.outcomes import Plan
from ledger.set_aside import SetAside
from ledger.waiting import Result, Waiting, answer, by_book, refuse
from ledger.writer_connection import WriterConnection

_log = logging.getLogger(__name__)

Committed = Callable[[dict[str, int]], None]
# The results of a batch, and the seconds it took to write and commit it.
Answered = Callable[[Sequence[Result], float], None]

_APPENDS_PER_BATCH = 512
_FACTS_PER_BATCH = 4096
_MOST_WAITING = 16_384
_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 1.0

# Nothing is wrong with the batch: the store was busy, restarting, or somewhere else.
_PASSING = (OperationalError, InterfaceError, InternalError, PoolTimeoutError)


class _OfABook(Exception):  # noqa: N818 (it says where to look)
    """Nothing was written, and the store as such is there."""


class Writer:
    """The one thread of this process that writes the ledger."""

    def __init__(self, engine: Engine, clock: Clock, *, retry_seconds: float) -> None:
        self._engine = engine
        self._connection = WriterConnection(engine)
        self._set_aside = SetAside(self._serve_set_aside, refuse)
        self._telling = threading.Lock()
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
            waiting = [each for each in batch if not self._set_aside.takes(each)]
            try:
                self._serve(waiting)
            except Exception as error:  # noqa: BLE001 (nobody could write without this thread)
                _log.exception("a batch was written and could not be answered")
                answer(waiting, [error] * len(waiting))
        self._set_aside.close()
        self._connection.release()

    def _serve(self, batch: Sequence[Waiting]) -> None:
        """Writes and answers a batch; where that fails for some of its books, each by itself."""
        try:
            self._write_and_answer(self._connection, batch, apart=True)
        except _OfABook:
            for book, part in by_book(batch).items():
                self._serve_alone(book, part)

    def _serve_alone(self, book: str, batch: Sequence[Waiting]) -> None:
        try:
            self._write_and_answer(self._connection, batch, apart=True)
        except _OfABook:
            if not self._set_aside.set_aside(book, batch):
                self._write_and_answer(self._connection, batch, apart=False)

    def _serve_set_aside(self, batch: Sequence[Waiting]) -> LedgerUnavailable | None:
        connection = WriterConnection(self._engine)
        try:
            return self._write_and_answer(connection, batch, apart=False)
        except Exception as error:  # noqa: BLE001 (whoever waits must be answered)
            _log.exception("a batch was written and could not be answered")
            answer(batch, [error] * len(batch))
            return None
        finally:
            connection.release()

    def _write_and_answer(
        self, connection: WriterConnection, batch: Sequence[Waiting], *, apart: bool
    ) -> LedgerUnavailable | None:
        """Why the store was away, if it was. ``apart``: raises _OfABook, having done nothing."""
        if not batch:
            return None
        began = time.perf_counter()
        appends = [waiting.append for waiting in batch]
        results, heads = self._write(connection, appends, apart=apart)
        seconds = time.perf_counter() - began
        answer(batch, results)
        away = next((each for each in results if isinstance(each, LedgerUnavailable)), None)
        if connection is self._connection:
            self.is_full = isinstance(away, StoreFull)
            if away is not None:
                self._send_away(away)
        with self._telling:
            if heads:
                _tell(self._committed, heads)
            _tell(self._answered, results, seconds)
        return away

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
        refuse(waiting, found)

    def _write(
        self, connection: WriterConnection, appends: Sequence[Append], *, apart: bool
    ) -> tuple[Sequence[Result], dict[str, int]]:
        """The outcome or the error of each append, and the new heads of the books."""
        try:
            plan = self._write_with_retries(connection, Batch(appends), apart=apart)
        except LedgerUnavailable as unavailable:
            return [unavailable] * len(appends), {}
        except _OfABook:
            raise
        except Exception as error:  # noqa: BLE001 (whoever waits must be answered, whatever it is)
            # Something in the batch cannot be stored at all: the others must not suffer for it.
            if len(appends) == 1:
                return [error], {}
            results: list[Result] = []
            heads: dict[str, int] = {}
            for append in appends:
                # Those before it are written by now: nothing may be sent again as a whole.
                result, head = self._write(connection, [append], apart=False)
                results += result
                heads |= head
            return results, heads
        return plan.outcomes, {book: head.position for book, head in plan.heads.items()}

    def _write_with_retries(
        self, connection: WriterConnection, batch: Batch, *, apart: bool
    ) -> Plan:
        give_up_at = time.monotonic() + self._retry_seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return batch.write(connection, self._clock)
            except (DBAPIError, PoolTimeoutError) as error:
                if isinstance(error, DBAPIError) and says_full(error.orig):
                    raise StoreFull from error
                if not (isinstance(error, _PASSING) or _is_cut(error)):
                    raise
                is_patient = pause == _FIRST_PAUSE_SECONDS and not is_lock_timeout(error)
                if apart and batch.was_refused and self._is_of_a_book(error) and not is_patient:
                    raise _OfABook from error
                if time.monotonic() + pause > give_up_at:
                    raise LedgerUnavailable(
                        f"the store did not answer for {self._retry_seconds:g} seconds"
                    ) from error
                if pause == _FIRST_PAUSE_SECONDS:
                    _log.warning("the store could not be written, trying again: %s", error.args[0])
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    def _is_of_a_book(self, error: DBAPIError | PoolTimeoutError) -> bool:
        """Whether the store is there and refuses this alone; a file is locked as a whole."""
        return (
            self._engine.dialect.name == "postgresql"
            and isinstance(error, DBAPIError)
            and error.statement is not None
            and not error.connection_invalidated
        )


def _tell(callbacks: Iterable[Callable[..., None]], *news: object) -> None:
    for callback in callbacks:
        try:
            callback(*news)
        except Exception:  # noqa: BLE001 (a listener must not end the writer)
            _log.exception("a callback after a commit failed")


def _is_cut(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated
