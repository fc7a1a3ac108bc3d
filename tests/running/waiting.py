"""Waiting: for what happens a moment after somebody was answered."""

import time
from collections.abc import Callable

import psutil
from server import PATIENCE_SECONDS


def awaited(condition: Callable[[], object], *, every_seconds: float = 0.1) -> None:
    """Returns as soon as it is so."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(every_seconds)


def is_over(process: psutil.Process) -> bool:
    """Also where nobody asks how it ended: whose parent is gone is kept until somebody does."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
