"""Pace: what is older than a minute is told so many a second, so that a backlog harms nobody.

So many more than are recorded meanwhile: whoever has fallen behind comes along, however busy it is.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from delivery.webhooks.lanes import Delivery
from ledger.clock import Clock, written

_OLD: Final = timedelta(minutes=1)
_BURST_SECONDS: Final = 0.25


class Pace:
    """Of all cursors of an endpoint: a bucket that fills by so much a second, a quarter at most.

    Each fact that is recorded adds one to it until the next round, which it takes when it goes.
    """

    def __init__(
        self, per_second: float, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._monotonic = monotonic
        self._most = max(1.0, per_second * _BURST_SECONDS)
        self._left = self._most
        self._filled_at = monotonic()
        self._old_before = ""
        self._head: int | None = None

    def begin_round(self, *, head: int) -> None:
        """Looks at the clocks and how far the book goes, once for all asked about next."""
        now, known = self._monotonic(), head if self._head is None else self._head
        filled = self._left + (now - self._filled_at) * self._per_second
        self._left = min(self._most, filled) + max(0, head - known)
        self._filled_at, self._head = now, max(head, known)
        self._old_before = written(self._clock() - _OLD)

    def may_go(self, delivery: Delivery) -> bool:
        """Takes one out; what is new goes though there is none."""
        is_new = delivery.stored.recorded_at > self._old_before
        if self._left < 1 and not is_new:
            return False
        self._left = max(0.0, self._left - 1)
        return True

    @property
    def seconds_until_next(self) -> float:
        return max(0.0, (1 - self._left) / self._per_second)
