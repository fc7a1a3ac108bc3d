"""Reply cleanup: a thread that now and then forgets the idempotent replies that have expired."""

import threading
from contextlib import AbstractContextManager

from ledger.ledger import Ledger
from ledger.supervised_threads import repeated

# A reply lives for a day: what is kept is a day and an hour of them, at most.
_EVERY_SECONDS = 3600
_PAUSE_SECONDS = 0.05


def cleaning_up(
    ledger: Ledger, *, every_seconds: float = _EVERY_SECONDS
) -> AbstractContextManager[None]:
    """Sweeps at the start and then every so often; in short steps, with pauses between them."""

    def sweep(closing: threading.Event) -> None:
        for book in ledger.heads():
            after: str | None = ""
            while after is not None and not closing.wait(_PAUSE_SECONDS):
                after = ledger.forget_expired_replies(book, after=after)

    return repeated(sweep, name="reply-cleanup", every_seconds=every_seconds)
