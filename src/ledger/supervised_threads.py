"""Supervised daemon threads: what goes wrong in one is logged, and it is begun again.

Nobody would notice that one of them is gone.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import OperationalError

from ledger.errors import LedgerUnavailable

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0

_log = structlog.get_logger("whence")


def supervised_thread(
    work: Callable[[], None], *, name: str, closing: threading.Event
) -> threading.Thread:
    """A thread, to be started, that works until `work` returns or `closing` is set.

    Whatever error `work` ends with is logged, and it is begun again after a pause: a tenth of a
    second, and up to a second when it fails again and again.
    """

    def run() -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not closing.is_set():
            began = time.monotonic()
            if _succeeds(work, name):
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

    def run() -> None:
        seconds = first_after_seconds
        while not closing.wait(seconds):
            _succeeds(lambda: work(closing), name)
            seconds = every_seconds

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        closing.set()
        thread.join()


def _succeeds(work: Callable[[], object], name: str) -> bool:
    try:
        work()
    except (LedgerUnavailable, OperationalError) as error:
        # The store is away, which is said by others too: no fault of this thread.
        _log.warning("a thread waits for the store", thread=name, reason=str(error.args[0]))
        return False
    except Exception:  # noqa: BLE001 (logged, and gone on with: that is what it is for)
        _log.exception("a thread stumbled and goes on", thread=name)
        return False
    return True
