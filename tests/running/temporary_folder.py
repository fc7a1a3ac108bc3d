"""Temporary folder of the tests: in memory, where that has room for it.

Stores are written as durably as ever, so a tenth of what tests do is waiting for a disk; nothing of
it need survive the machine. TMPDIR names another folder.
"""

import os
import tempfile
from pathlib import Path

import psutil

_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of our own is made in it)
# Several times what a whole run takes.
_ROOM = 4 * 2**30


def write_into_memory() -> None:
    """From here on, in this process and in those that it starts."""
    if "TMPDIR" in os.environ or not _has_room():
        return
    folder = _MEMORY / f"whence-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    # Servers of the tests, which root starts as somebody else, go through it.
    folder.chmod(0o711)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def _has_room() -> bool:
    if not os.access(_MEMORY, os.W_OK | os.X_OK):
        return False
    there = os.statvfs(_MEMORY)
    # Some tests start a program that they have written.
    runs_programs = not there.f_flag & os.ST_NOEXEC
    free = min(there.f_bavail * there.f_frsize, psutil.virtual_memory().available // 2)
    return runs_programs and free >= _ROOM
