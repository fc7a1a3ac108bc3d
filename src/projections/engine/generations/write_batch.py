"""Writes what was folded: rows, derived rows and checkpoints in one transaction, or not at all."""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from projections.engine.folding.checkpoints import hold, note_checkpoint
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.derivation import derive_touched
from projections.engine.folding.fold import Folded
from projections.engine.folding.row_writer import merge_into
from projections.engine.generations.generation import Generation

T = TypeVar("T")

_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.02
# Each attempt may wait for a silent server as long as the driver does.
_GIVE_UP_SECONDS = 5.0
# Lost races, locks not given in time, and a server that ended the session or is not up yet.
_TRANSIENT_STATES = frozenset({"40001", "40P01", "55P03", "25P03", "57P01", "57P02", "57P03"})

_ROW_FAULTS = (DataError, IntegrityError, OverflowError, UnicodeError)
# A text too long for an index.
_PROGRAM_LIMIT_EXCEEDED = "54000"
# Of drivers, and of SQLite, which have no code for it.
_WORDS_OF_ROW_FAULTS = ("adapt", "binding", "integer overflow")


# Those of the books this process may write, so until the transaction ends.
Confirm = Callable[[Connection, Iterable[str]], set[str]]


def write_batch(
    generation: Generation,
    definitions: Definitions,
    batch: Sequence[Folded],
    *,
    confirm: Confirm = lambda _connection, books: set(books),
) -> set[str]:
    """The books that were written; the others are somebody else's now, or were moved on already.

    Raises what the database says when it stays away, or when it cannot hold one of the rows.
    """

    def attempt() -> set[str]:
        with generation.writing() as connection:
            schema = generation.schema
            own = confirm(connection, [each.book for each in batch])
            expected = {each.book: each.after for each in batch if each.book in own}
            held = hold(connection, schema, expected)
            mine = [each for each in batch if each.book in held]
            for each in mine:
                note_checkpoint(each.changes, each.checkpoint)
            changes = [each.changes for each in mine]
            merge_into(connection, schema, changes)
            derive_touched(connection, definitions.derived, changes)
            for searched in definitions.searched:
                searched.add(connection, changes)
        return held

    return patiently(attempt)


def patiently(attempt: Callable[[], T]) -> T:
    """Try again, a bounded number of times, what a lost connection or a lost race cut short."""
    pause, give_up_at = _FIRST_PAUSE_SECONDS, time.monotonic() + _GIVE_UP_SECONDS
    for _ in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except DBAPIError as error:
            if not _is_transient(error) or time.monotonic() > give_up_at:
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
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return bool(state == _PROGRAM_LIMIT_EXCEEDED)
    return any(words in str(error) for words in _WORDS_OF_ROW_FAULTS)


def _is_transient(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or state in _TRANSIENT_STATES:
        return True
    # psycopg has no code for a connection that went away; SQLite has none for a busy file.
    words = str(error.orig)
    return isinstance(error, OperationalError) and (
        (state is None and "connection" in words) or "locked" in words
    )
