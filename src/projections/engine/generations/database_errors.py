"""Database errors: which of them pass when tried again, and which are the fault of a row."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

T = TypeVar("T")

_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.02
# Each attempt may wait for a silent server as long as the driver does.
_GIVE_UP_SECONDS = 5.0
# Lost races, locks not given in time, and a server that ended the session or is not up yet.
_TRANSIENT_STATES = frozenset({"40001", "40P01", "55P03", "25P03", "57P01", "57P02", "57P03"})

_ROW_FAULTS = (DataError, IntegrityError, OverflowError, UnicodeError)
_IDLE_IN_TRANSACTION = "25P03"
# A text too long for an index.
_PROGRAM_LIMIT_EXCEEDED = "54000"
# Of drivers, and of SQLite, which have no code for it.
_WORDS_OF_ROW_FAULTS = ("adapt", "binding", "integer overflow")


def patiently(attempt: Callable[[], T]) -> T:
    """Try again, a bounded number of times, what a lost connection or a lost race cut short.

    Once at least: it may have been this process that stood still, until no time was left.
    """
    pause, give_up_at = _FIRST_PAUSE_SECONDS, time.monotonic() + _GIVE_UP_SECONDS
    for number in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except DBAPIError as error:
            if not _is_transient(error) or (number and time.monotonic() > give_up_at):
                raise
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 (spreads out those who wait)
        pause *= 2
    return attempt()


def is_row_fault(error: Exception) -> bool:
    """A row is guilty: a number, a text or a type that the database cannot hold."""
    if isinstance(error, _ROW_FAULTS):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = _sqlstate(error)
    if state is not None:
        return bool(state == _PROGRAM_LIMIT_EXCEEDED)
    return any(words in str(error) for words in _WORDS_OF_ROW_FAULTS)


def is_standstill(error: Exception) -> bool:
    """PostgreSQL ended a transaction in which nothing was said for too long."""
    return isinstance(error, DBAPIError) and _sqlstate(error) == _IDLE_IN_TRANSACTION


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _is_transient(error: DBAPIError) -> bool:
    state = _sqlstate(error)
    if error.connection_invalidated or state in _TRANSIENT_STATES:
        return True
    # psycopg has no code for a connection that went away; SQLite has none for a busy file.
    words = str(error.orig)
    return isinstance(error, OperationalError) and (
        (state is None and "connection" in words) or "locked" in words
    )
