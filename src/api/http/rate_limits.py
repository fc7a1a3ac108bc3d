"""Rate limits: requests of one caller, counted in windows in this process's memory."""

import time

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

_SWEPT_EVERY_SECONDS = 60


class RateLimit:
    """One rule, such as ``6000/minute``, counted for each name apart; ``off`` counts nothing."""

    def __init__(self, rule: str) -> None:
        """Raises ValueError for a rule that cannot be read."""
        self._item: RateLimitItem | None = None if rule.strip().lower() == "off" else parse(rule)
        self._counters = Counters()
        self._limiter = FixedWindowRateLimiter(self._counters)

    def hit(self, name: str) -> "Allowance | None":
        """Counts one request of the named caller; None when the limit is off."""
        if self._item is None:
            return None
        allowed = self._limiter.hit(self._item, name)
        return self._allowance(name, allowed=allowed)

    def look(self, name: str) -> "Allowance | None":
        """What is left for the named caller, without counting anything."""
        return None if self._item is None else self._allowance(name, allowed=True)

    def _allowance(self, name: str, *, allowed: bool) -> "Allowance":
        assert self._item is not None  # noqa: S101 (the callers have looked)
        stats = self._limiter.get_window_stats(self._item, name)
        resets_at = stats.reset_time if stats.remaining < self._item.amount else time.time()
        return Allowance(allowed, self._item.amount, stats.remaining, int(resets_at) + 1)


class Allowance:
    """``resets_at`` is a unix timestamp in seconds."""

    __slots__ = ("allowed", "limit", "remaining", "resets_at")

    def __init__(self, allowed: bool, limit: int, remaining: int, resets_at: int) -> None:  # noqa: FBT001 (made in one place)
        self.allowed = allowed
        self.limit = limit
        self.remaining = remaining
        self.resets_at = resets_at

    @property
    def retry_after_seconds(self) -> int:
        return max(1, self.resets_at - int(time.time()))


class Counters(Storage):
    """Counters that expire.

    The library's own memory storage starts a thread every ten milliseconds under load to sweep;
    everything here happens on one event loop, so a sweep now and then between two requests does.
    """

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, list[float]] = {}
        self._swept_at = time.time()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        if now - self._swept_at > _SWEPT_EVERY_SECONDS:
            self._sweep(now)
        counter = self._counts.get(key)
        if counter is None or counter[1] <= now:
            counter = self._counts[key] = [0, now + expiry]
        counter[0] += amount
        return int(counter[0])

    def get(self, key: str) -> int:
        counter = self._counts.get(key)
        return int(counter[0]) if counter and counter[1] > time.time() else 0

    def get_expiry(self, key: str) -> float:
        counter = self._counts.get(key)
        return counter[1] if counter else time.time()

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        count = len(self._counts)
        self._counts.clear()
        return count

    def clear(self, key: str) -> None:
        self._counts.pop(key, None)

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def _sweep(self, now: float) -> None:
        self._swept_at = now
        self._counts = {key: kept for key, kept in self._counts.items() if kept[1] > now}
