"""Overdue monitor: warns when the oldest renewal or retry has long been due and nobody bills."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final

import structlog

from commands.handling.due_index import DUE
from ledger.clock import Clock, written
from ledger.ledger import Ledger
from ledger.supervised_threads import repeated

# In rounds of whoever bills: whoever misses so many in a row is not there.
_LOOKS_EVERY: Final = 60
_LATE_AFTER: Final = 600
_SAYS_SO_AGAIN_AFTER: Final = 3600

_log = structlog.get_logger("whence")


class OverdueMonitor:
    """Looks when it is told to, tells ``gauge`` what it found, and warns of what is late.

    ``billing_seconds`` is how often whoever bills looks what is due.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Clock,
        billing_seconds: float,
        gauge: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self.every_seconds = _LOOKS_EVERY * billing_seconds
        self._late_seconds = _LATE_AFTER * billing_seconds
        self._silent_seconds = _SAYS_SO_AGAIN_AFTER * billing_seconds
        self._gauge = gauge
        self._said_at: datetime | None = None
        # As it was found last: longer than whoever bills has ever need of.
        self.is_late = False

    def look(self) -> float:
        """For how many seconds the oldest thing has been due; 0 when nothing is."""
        now = self._clock()
        seconds = max(((now - each).total_seconds() for each in self._due_since(now)), default=0.0)
        self._gauge(seconds)
        self.is_late = seconds >= self._late_seconds
        if not self.is_late:
            self._said_at = None
        elif self._said_at is None or self._silence(now) >= self._silent_seconds:
            self._said_at = now
            _log.warning(
                "what is due is not billed: does anybody bill?", overdue_seconds=int(seconds)
            )
        return seconds

    def _due_since(self, now: datetime) -> Iterator[datetime]:
        """Since when the oldest thing has been due, of each book in which anything is."""
        before = f"{written(now)}\n"
        for book in self._ledger.books_holding(DUE, before=before):
            # Somebody may have billed it meanwhile.
            for value, _ in self._ledger.owners_between(
                book, DUE, after="", before=before, limit=1
            ):
                yield datetime.fromisoformat(value.partition("\n")[0])

    def _silence(self, now: datetime) -> float:
        return 0.0 if self._said_at is None else (now - self._said_at).total_seconds()


def monitoring(monitor: OverdueMonitor) -> AbstractContextManager[None]:
    """Looks every so often, as long as the context is; whoever bills has had time before."""
    seconds = monitor.every_seconds
    return repeated(
        lambda _closing: monitor.look(),
        name="overdue",
        every_seconds=seconds,
        first_after_seconds=seconds,
    )
