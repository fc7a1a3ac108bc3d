"""Adaptive polling: how long to wait before looking for what other processes recorded."""

import time

_SHORTEST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.25
# A look asks for the heads of all books: with many of them, looking must not be all that is done.
_REST_PER_LOOK = 20


class AdaptivePoll:
    """Looks again soon after a look that found something, later and later after one that did not.

    Every 20 to 250 ms; its rest is never shorter than twenty times the work of the last look.
    """

    def __init__(self) -> None:
        self._pause_seconds = _SHORTEST_PAUSE_SECONDS
        self._due_at = 0.0

    @property
    def seconds_left(self) -> float:
        """Until the next look is due; 0 when it is."""
        return max(0.0, self._due_at - time.monotonic())

    def make_due(self) -> None:
        """Let the next look be due now; any thread may ask for it."""
        self._due_at = 0.0

    def looked(self, seconds: float, *, found: bool) -> None:
        """A look was so much work: seconds of a processor."""
        longer = min(self._pause_seconds * 1.5, _LONGEST_PAUSE_SECONDS)
        self._pause_seconds = _SHORTEST_PAUSE_SECONDS if found else longer
        self._due_at = time.monotonic() + max(self._pause_seconds, seconds * _REST_PER_LOOK)
