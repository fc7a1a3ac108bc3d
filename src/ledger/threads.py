"""Threads that outlive what goes wrong in them: nobody would notice that one of them is gone."""

import threading
import time
from collections.abc import Callable

import structlog

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0

_log = structlog.get_logger("whence")


def lasting_thread(
    work: Callable[[], None], *, name: str, closing: threading.Event
) -> threading.Thread:
    """A thread, to be started, that works until `work` returns or `closing` is set.

    Whatever error `work` ends with is logged, and it is begun again after a pause: a tenth of a
    second, and up to a second when it fails again and again.
    """

    def run() -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not closing.is_set():
            began = time.monotonic()
            try:
                work()
            except Exception:  # noqa: BLE001 (logged, and gone on with: that is what it is for)
                _log.exception("a thread stumbled and goes on", thread=name)
            else:
                return
            if time.monotonic() - began > _LONGEST_PAUSE_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            closing.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    return threading.Thread(target=run, name=name, daemon=True)
