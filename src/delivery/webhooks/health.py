"""Health of an endpoint: whether it is down, since when it fails, and when it is probed next.

It is down when there is no connection, or when the deliveries of three customers failed with
nothing arriving between them: then it is the endpoint that fails, and none of them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from delivery.cursors import Cursor
from ledger.clock import written

_LANES_OF_A_FAILURE: Final = 3
FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(minutes=5)
WARNED_AFTER: Final = timedelta(days=1)
DISABLED_AFTER: Final = timedelta(days=5)
_TIME_TO_MEND: Final = timedelta(days=1)


def disabled_from(failing_since: datetime, warned_at: datetime) -> datetime:
    """When one that fails still is disabled: nobody is without having been warned in time."""
    return max(failing_since + DISABLED_AFTER, warned_at + _TIME_TO_MEND)


class Health:
    """Stands in the row of the live cursor, and is that of all its cursors."""

    def __init__(self, cursor: Cursor) -> None:
        self._failing_since = cursor.failing_since
        self._failures = cursor.failures
        self._next_probe_at = cursor.next_probe_at
        self._error = cursor.error
        self._failed_lanes: set[str] = set()
        self._asked_at: datetime | None = None
        self._changed: Callable[[], None] = lambda: None
        self.is_probed = False

    def on_change(self, changed: Callable[[], None]) -> None:
        """Calls back when its row is to be written, whichever cursor made it so."""
        self._changed = changed

    @property
    def is_down(self) -> bool:
        return bool(self._next_probe_at)

    @property
    def failing_since(self) -> datetime | None:
        return _moment(self._failing_since)

    @property
    def next_probe_at(self) -> datetime | None:
        return _moment(self._next_probe_at)

    @property
    def error(self) -> str:
        return self._error

    @property
    def failures(self) -> int:
        """How often it was tried in vain since it is down."""
        return self._failures

    def asked(self, at: datetime | None) -> None:
        """Somebody asks, or asked before, that it be tried at once: once for each time."""
        if at is None or at == self._asked_at:
            return
        self._asked_at = at
        since, due = self.failing_since, self.next_probe_at
        if since is not None and due is not None and since <= at < due:
            self._next_probe_at = written(at)

    def in_row(self, cursor: Cursor) -> Cursor:
        return cursor._replace(
            failing_since=self._failing_since,
            failures=self._failures,
            next_probe_at=self._next_probe_at,
            error=self._error,
        )

    def succeeded(self) -> None:
        self.forget()

    def forget(self) -> None:
        """What was is over: something arrived, or somebody says that it will."""
        was_failing = bool(self._failing_since)
        self._failing_since = self._next_probe_at = self._error = ""
        self._failures = 0
        self._failed_lanes.clear()
        if was_failing:
            self._changed()

    def failed(self, lane: str, error: str, now: datetime, pause: timedelta | None = None) -> None:
        """A delivery failed; it is down if it was the last straw.

        ``pause``: for so long it asks to be left alone, which is about that delivery until then.
        """
        self._note(error, now)
        self._failed_lanes.add(lane)
        if len(self._failed_lanes) >= _LANES_OF_A_FAILURE:
            self.is_away(error, now, pause)

    def is_away(self, error: str, now: datetime, pause: timedelta | None = None) -> None:
        """Nobody is there, or asks to be left alone for so long."""
        self._note(error, now)
        if pause is None:
            pause = min(FIRST_PAUSE * 2 ** min(self._failures, 20), _LONGEST_PAUSE)
        self._failures += 1
        self._next_probe_at = written(now + pause)

    def _note(self, error: str, now: datetime) -> None:
        self._failing_since = self._failing_since or written(now)
        self._error = error
        self._changed()


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
