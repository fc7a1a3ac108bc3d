"""Fact budget: how much of the past is folded for one who asks, in facts a minute."""

import time
from collections.abc import Callable
from math import ceil

FACTS_PER_MINUTE = 1_000_000

_MOST_REMEMBERED = 10_000
_MINUTE = 60


class BudgetSpent(Exception):  # noqa: N818 (a state of things, not a fault)
    """Who asks has had as much of the past folded as they may for now."""

    def __init__(self, facts_per_minute: int, retry_after_seconds: int) -> None:
        super().__init__(f"of the past {facts_per_minute} facts a minute are folded for one key")
        self.retry_after_seconds = retry_after_seconds


class FactBudget:
    """`facts_per_minute` come back to each who asks, up to so many in hand.

    One question may take more than there are: the next waits until they have come back. To be
    used under the lock of whoever folds.
    """

    def __init__(
        self, facts_per_minute: int, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._facts_per_minute = facts_per_minute
        self._monotonic = monotonic
        # When all will have come back, which is all there is to know of one who asks.
        self._whole_at: dict[str, float] = {}

    def admit(self, asker: str) -> None:
        """Raises BudgetSpent when nothing is left."""
        wait = self._whole_at.get(asker, 0.0) - _MINUTE - self._monotonic()
        if wait >= 0:
            raise BudgetSpent(self._facts_per_minute, max(1, ceil(wait)))

    def charge(self, asker: str, facts: int) -> None:
        now = self._monotonic()
        if len(self._whole_at) >= _MOST_REMEMBERED:
            self._whole_at = {who: at for who, at in self._whole_at.items() if at > now}
        seconds = facts / self._facts_per_minute * _MINUTE
        self._whole_at[asker] = max(now, self._whole_at.get(asker, now)) + seconds
