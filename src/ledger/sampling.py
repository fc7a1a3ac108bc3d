"""Sampling: what happens often is said once in a while, with how often it has happened."""

import time
from collections.abc import Callable, Hashable
from math import inf
from typing import Final

SAID_EVERY_SECONDS: Final = 10
_MOST_KINDS: Final = 1000


class Sampling:
    """Of each kind one is said at once, and the next after ten seconds at the earliest."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        # When one was said of a kind, and how many there were since.
        self._kinds: dict[Hashable, tuple[float, int]] = {}

    def due(self, kind: Hashable) -> int:
        """How many there were since the last one was said, this one included; 0: not yet."""
        now = self._monotonic()
        said_at, since = self._kinds.get(kind, (-inf, 0))
        if now - said_at < SAID_EVERY_SECONDS:
            self._kinds[kind] = said_at, since + 1
            return 0
        if len(self._kinds) >= _MOST_KINDS:
            self._forget_before(now - SAID_EVERY_SECONDS)
        self._kinds[kind] = now, 0
        return since + 1

    def _forget_before(self, moment: float) -> None:
        """What was not said for a while; or, should all be recent, everything."""
        recent = {kind: each for kind, each in self._kinds.items() if each[0] > moment}
        self._kinds = recent if len(recent) < _MOST_KINDS else {}
