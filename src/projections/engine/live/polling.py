"""When to look for what other processes recorded: every 20 to 250 ms, and when somebody asks."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_SHORTEST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.25
# A look asks for the heads of all books: with many of them, looking must not be all that is done.
_REST_PER_LOOK = 20


class PendingFlag:
    """Something that any thread may want done, and one thread does."""

    def __init__(self, *, wanted: bool = False) -> None:
        self._wanted = threading.Event()
        if wanted:
            self.want()

    def want(self) -> None:
        self._wanted.set()

    @contextmanager
    def doing(self) -> Iterator[bool]:
        """Whether it is wanted. It stays so when it fails, and for whoever wants it meanwhile."""
        wanted = self._wanted.is_set()
        if wanted:
            self._wanted.clear()
        try:
            yield wanted
        except BaseException:
            if wanted:
                self.want()
            raise


class AdaptivePoll:
    """Looks again soon after a look that found something, later and later after one that did not.

    Its rest is never shorter than twenty times the work of the last look.
    """

    def __init__(self) -> None:
        self._pause_seconds = _SHORTEST_PAUSE_SECONDS
        self._due_at = 0.0

    @property
    def seconds_left(self) -> float:
        """Until the next look is due; 0 when it is."""
        return max(0.0, self._due_at - time.monotonic())

    def looked(self, seconds: float, *, found: bool) -> None:
        """A look was so much work: seconds of a processor."""
        longer = min(self._pause_seconds * 1.5, _LONGEST_PAUSE_SECONDS)
        self._pause_seconds = _SHORTEST_PAUSE_SECONDS if found else longer
        self._due_at = time.monotonic() + max(self._pause_seconds, seconds * _REST_PER_LOOK)
