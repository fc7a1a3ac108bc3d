"""Who tidies up? A thread that now and then forgets the idempotent replies that have expired."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from ledger.ledger import Ledger

# A reply lives for a day: what is kept is a day and an hour of them, at most.
_EVERY_SECONDS = 3600
_PAUSE_SECONDS = 0.05

_log = structlog.get_logger("whence")


@contextmanager
def tidying(ledger: Ledger, *, every_seconds: float = _EVERY_SECONDS) -> Iterator[None]:
    """Sweeps at the start and then every so often; in short steps, with pauses between them."""
    closing = threading.Event()

    def tidy() -> None:
        while not closing.is_set():
            try:
                _sweep(ledger, closing)
            except Exception:  # noqa: BLE001 (logged, and tried again the next time)
                _log.exception("expired replies could not be swept")
            closing.wait(every_seconds)

    sweeper = threading.Thread(target=tidy, name="housekeeping", daemon=True)
    sweeper.start()
    try:
        yield
    finally:
        closing.set()
        sweeper.join()


def _sweep(ledger: Ledger, closing: threading.Event) -> None:
    for book in ledger.heads():
        after: str | None = ""
        while after is not None and not closing.wait(_PAUSE_SECONDS):
            after = ledger.forget_expired_replies(book, after=after)
