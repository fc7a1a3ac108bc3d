"""Supervised daemon threads: what goes wrong in one is logged, and it is begun again.

Nobody would notice that one of them is gone.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ledger.errors import LedgerUnavailable
from ledger.sampling import Sampling

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0

_log = structlog.get_logger("whence")


def is_store_away(error: Exception) -> bool:
    """Whether it comes of a store that cannot be reached, and is nobody's fault here."""
    return isinstance(error, (LedgerUnavailable, OperationalError, PoolTimeoutError))


class ThreadLog:
    """The log of a thread that goes on, whatever happens.

    A fault of ours is logged whole; that the store is away, which others say too, in one line at
    once and the next after ten seconds at the earliest, with how many times it was so since.
    """

    def __init__(self, thread: str) -> None:
        self._thread = thread
        self._sampling = Sampling()

    def note(self, error: Exception, event: str, **where: Any) -> None:
        if not is_store_away(error):
            _log.error(event, thread=self._thread, exc_info=error, **where)
        elif times := self._sampling.due("away"):
            reason = str(error.args[0])
            _log.warning(
                "a thread waits for the store", thread=self._thread, reason=reason, times=times
            )


def supervised_thread(
    work: Callable[[], None], *, name: str, closing: threading.Event
) -> threading.Thread:
    """A thread, to be started, that works until `work` returns or `closing` is set.

    Whatever error `work` ends with is logged, and it is begun again after a pause: a tenth of a
    second, and up to a second when it fails again and again.
    """
    log = ThreadLog(name)

    def run() -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not closing.is_set():
            began = time.monotonic()
            if _succeeds(work, log):
                return
            if time.monotonic() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            closing.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    return threading.Thread(target=run, name=name, daemon=True)


@contextmanager
def repeated(
    work: Callable[[threading.Event], object],
    *,
    name: str,
    every_seconds: float,
    first_after_seconds: float = 0,
) -> Iterator[None]:
    """Works every so often, in a thread, as long as the context is; `work` is given its end.

    Whatever error `work` ends with is logged, and it is tried again the next time.
    """
    closing = threading.Event()
    log = ThreadLog(name)

    def run() -> None:
        seconds = first_after_seconds
        while not closing.wait(seconds):
            _succeeds(lambda: work(closing), log)
            seconds = every_seconds

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join()


def _succeeds(work: Callable[[], object], log: ThreadLog) -> bool:
    try:
        work()
    except Exception as error:  # noqa: BLE001 (logged, and gone on with: that is what it is for)
        log.note(error, "a thread stumbled and goes on")
        return False
    return True
