"""Pace: what is older than a minute is told so many a second, so that a backlog harms nobody."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from delivery.webhooks.lanes import Delivery
from ledger.clock import Clock, written

_OLD: Final = timedelta(minutes=1)
_BURST_SECONDS: Final = 0.25


class Pace:
    """Of all cursors of an endpoint: a bucket that fills by so much a second, a quarter at most."""

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

    def begin_round(self) -> None:
        """Looks at the clocks, once for all that are asked about next."""
        now = self._monotonic()
        self._left = min(self._most, self._left + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        self._old_before = written(self._clock() - _OLD)

    def may_go(self, delivery: Delivery) -> bool:
        """Takes one out for each that is old."""
        if delivery.stored.recorded_at > self._old_before:
            return True
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @property
    def seconds_until_next(self) -> float:
        return max(0.0, (1 - self._left) / self._per_second)
