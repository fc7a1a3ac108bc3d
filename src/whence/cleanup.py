"""Cleanup: a thread that now and then forgets what is kept for a while.

Idempotent replies that have expired, and attempts to deliver that are older than a setting says.
"""

import threading
from contextlib import AbstractContextManager
from datetime import timedelta

from delivery.cursors import forget_attempts
from ledger.clock import Clock, written
from ledger.ledger import Ledger
from ledger.supervised_threads import repeated
from whence.wiring import utc_now

# A reply lives for a day: what is kept is a day and an hour of them, at most.
_EVERY_SECONDS = 3600
_PAUSE_SECONDS = 0.05


def cleaning_up(
    ledger: Ledger,
    *,
    attempts_days: int,
    clock: Clock = utc_now,
    every_seconds: float = _EVERY_SECONDS,
) -> AbstractContextManager[None]:
    """Sweeps at the start and then every so often; in short steps, with pauses between them."""

    def sweep(closing: threading.Event) -> None:
        before = written(clock() - timedelta(days=attempts_days))
        for book in ledger.heads():
            after: str | None = ""
            while after is not None and not closing.wait(_PAUSE_SECONDS):
                after = ledger.forget_expired_replies(book, after=after)
            while forget_attempts(ledger.engine, book, before) and not closing.wait(_PAUSE_SECONDS):
                pass

    return repeated(sweep, name="cleanup", every_seconds=every_seconds)
