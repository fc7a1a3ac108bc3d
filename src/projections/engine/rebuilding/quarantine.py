"""Quarantine of a book that the database will not take in bulk: it is left out, and begun anew.

All of it is taken out of the new generation again, and all others are loaded. Whoever then folds
what is new finds nothing of the book, begins it anew with a batch at a time, and parks it at the
fact that is at fault: as it would have been parked if it had been folded as it was recorded.
"""

from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import structlog
from sqlalchemy import Column, Connection, Table, Text, delete, func, select, text

from projections.engine.folding.checkpoints import checkpoints
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.derivation import derive_book
from projections.engine.folding.fold import reason
from projections.engine.generations.generation import Generation
from projections.engine.generations.write_batch import is_row_fault

# PostgreSQL takes entries of about 2,700 bytes into an index, numbers and headers included, and
# does not say whose is longer. A book too many is set aside without harm.
_LONG_BYTES = 2_000

_log = structlog.get_logger("whence")


def clear(generation: Generation, definitions: Definitions, book: str) -> None:
    """Take out all rows of a book, and how far it is."""
    with generation.unhurried() as connection:
        for table in (*definitions.tables, checkpoints):
            connection.execute(delete(table).where(table.c.book == book))


def quarantine(
    generation: Generation, definitions: Definitions, book: str, error: Exception
) -> None:
    """Leave a book to be folded anew, for the row at fault to be found; log what was said."""
    _log.warning("a book is refused in bulk and set aside", book=book, error=reason(error))
    clear(generation, definitions, book)


def derive(generation: Generation, definitions: Definitions, book: str) -> None:
    """Compute the derived rows of a book, or set it aside."""
    try:
        with generation.unhurried() as connection:
            derive_book(connection, definitions.derived, book)
    except Exception as error:
        if not is_row_fault(error):
            raise
        quarantine(generation, definitions, book, error)


def make(generation: Generation, definitions: Definitions, what: Callable[[], None]) -> set[str]:
    """Make keys or indexes; the books that were set aside because theirs would be too long.

    Others may load such rows meanwhile: it is tried again as long as there are any.
    """
    aside: set[str] = set()
    while True:
        try:
            what()
        except Exception as error:
            # SQLite takes any length.
            if generation.schema is None or not is_row_fault(error):
                raise
            books = _set_long_aside(generation, definitions, error)
            if not books:
                raise
            aside |= books
        else:
            return aside


def _set_long_aside(generation: Generation, definitions: Definitions, error: Exception) -> set[str]:
    """Set aside the books with an entry that may be too long; which those are."""
    with generation.unhurried() as connection:
        long = {table: _long_in(connection, table) for table in definitions.tables}
    books = set().union(*long.values())
    for book in books:
        quarantine(generation, definitions, book, error)
    for table in (table for table, found in long.items() if found):
        _write_anew(generation, table)
    return books


def _long_in(connection: Connection, table: Table) -> set[str]:
    """The books of which the table has a row whose entry in an index may be too long."""
    lengths = (func.coalesce(func.octet_length(each), 0) for each in _indexed(table))
    is_long = reduce(add, lengths) > _LONG_BYTES
    return set(connection.execute(select(table.c.book).where(is_long).distinct()).scalars())


def _write_anew(generation: Generation, table: Table) -> None:
    """Leave no trace of deleted rows: an index takes them in while anybody could still see them."""
    name = f"{generation.schema}.{table.name}"
    with generation.unhurried() as connection:
        # What another loads between the copy and the end of it would be lost.
        connection.execute(text(f"LOCK TABLE {name}"))
        connection.execute(text(f"CREATE TEMP TABLE left_over ON COMMIT DROP AS TABLE {name}"))
        connection.execute(text(f"TRUNCATE {name}"))
        connection.execute(text(f"INSERT INTO {name} TABLE left_over"))


def _indexed(table: Table) -> list[Column[Any]]:
    """The texts that are in the key or an index of the table; the book is one."""
    columns = [column for index in table.indexes for column in index.columns]
    found = {column.name: column for column in (*table.primary_key, *columns)}
    return [column for column in found.values() if isinstance(column.type, Text)]
