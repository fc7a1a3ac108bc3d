"""Full disk: how each database says that it has no room, and whether it has some again."""

import sqlite3
from datetime import datetime
from typing import Final

from ledger.append import Append, Reply

_FULL_IN_SQLITE: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
_FULL_IN_POSTGRESQL: Final = "53100"
# More than the room that may be left in what the database has already.
_PROBE: Final = "-" * 65_536


def says_full(error: BaseException | None) -> bool:
    """Whether a driver's error means that the disk, or what we may have of it, is used up."""
    return (
        getattr(error, "sqlite_errorcode", None) in _FULL_IN_SQLITE
        or getattr(error, "sqlstate", None) == _FULL_IN_POSTGRESQL
    )


def probe(book: str, now: datetime) -> Append:
    """Something to write that takes room and records nothing: a reply that has expired."""
    return Append(book, reply=Reply("the disk was full", "", 200, _PROBE, now))
