"""Rate limits: how often each name was counted in a window, in this process's memory.

Who is counted is decided in `api.http.turnstile`.
"""

import time
from typing import Final

import limits

# Of so many callers one remembers how often they asked; of more, those whose window ends first are
# forgotten. Each takes some 200 bytes.
_MOST_CALLERS: Final = 100_000


class RateLimit:
    """One rule, such as ``6000/minute``, counted for each name apart; ``off`` counts nothing."""

    def __init__(self, rule: str, *, most_callers: int = _MOST_CALLERS) -> None:
        """Raises ValueError for a rule that cannot be read."""
        item = None if rule.strip().lower() == "off" else limits.parse(rule)
        self._most = item.amount if item else None
        self._seconds = item.get_expiry() if item else 0
        self._most_callers = most_callers
        # In the order in which they end, for all windows are equally long.
        self._windows: dict[str, _Window] = {}

    def hit(self, name: str) -> "Allowance | None":
        """Counts one request of the named caller; None when the limit is off."""
        if self._most is None:
            return None
        now = time.time()
        window = self._windows.get(name)
        if window is None or window.ends_at <= now:
            window = self._begin(name, now)
        window.count += 1
        return Allowance(self._most, window.count, window.ends_at)

    def take_back(self, name: str) -> None:
        """As if the last request of the named caller had not been counted."""
        window = self._windows.get(name)
        if window is not None and window.count > 0:
            window.count -= 1

    def look(self, name: str) -> "Allowance | None":
        """What is left for the named caller, without counting anything."""
        if self._most is None:
            return None
        now = time.time()
        window = self._windows.get(name)
        if window is None or window.ends_at <= now:
            return Allowance(self._most, 0, now)
        return Allowance(self._most, window.count, window.ends_at)

    def __len__(self) -> int:
        """How many callers are remembered."""
        return len(self._windows)

    def _begin(self, name: str, now: float) -> "_Window":
        self._windows.pop(name, None)
        self._forget(now)
        window = self._windows[name] = _Window(now + self._seconds)
        return window

    def _forget(self, now: float) -> None:
        """Two of those that have ended, where one begins: so there is never much to do at once."""
        for _ in range(2):
            first = next(iter(self._windows), None)
            if first is None:
                return
            if self._windows[first].ends_at > now and len(self._windows) < self._most_callers:
                return
            del self._windows[first]


class _Window:
    __slots__ = ("count", "ends_at")

    def __init__(self, ends_at: float) -> None:
        self.count = 0
        self.ends_at = ends_at


class Allowance:
    """What one caller may still ask; ``resets_at`` is a unix timestamp in seconds."""

    __slots__ = ("allowed", "limit", "remaining", "resets_at")

    def __init__(self, limit: int, count: int, resets_at: float) -> None:
        self.allowed = count <= limit
        self.limit = limit
        self.remaining = max(0, limit - count)
        self.resets_at = int(resets_at) + 1

    @property
    def retry_after_seconds(self) -> int:
        return max(1, self.resets_at - int(time.time()))
