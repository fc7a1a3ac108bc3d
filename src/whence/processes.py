"""Worker processes: each ends with the one that started it, however that ended."""

import os
import signal
import threading
from multiprocessing import parent_process
from multiprocessing.connection import wait


def end_with_the_parent() -> None:
    """Stops this process as SIGTERM does, as soon as its parent is gone."""
    parent = parent_process()
    if parent is not None:
        watch = threading.Thread(target=_outlive, args=(parent.sentinel,), name="parent")
        watch.daemon = True
        watch.start()


def _outlive(parent: int) -> None:
    # The end of a pipe whose other end closes with the parent, also when that is killed.
    wait([parent])
    os.kill(os.getpid(), signal.SIGTERM)
