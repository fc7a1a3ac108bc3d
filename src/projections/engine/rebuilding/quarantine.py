"""Quarantine of a book that the database will not take in bulk: it is left out, and begun anew.

All of it is taken out of the new generation again, and all others are loaded. Whoever then folds
what is new finds nothing of the book, begins it anew with a batch at a time, and parks it at the
fact that is at fault: as it would have been parked if it had been folded as it was recorded.
"""

import structlog

from projections.engine.folding.definitions import Definitions
from projections.engine.folding.derivation import derive_book
from projections.engine.folding.fold import reason
from projections.engine.generations.clearing import clear
from projections.engine.generations.database_errors import is_row_fault
from projections.engine.generations.generation import Generation

_log = structlog.get_logger("whence")


def quarantine(
    generation: Generation, definitions: Definitions, book: str, error: Exception
) -> None:
    """Leave a book to be folded anew, for the row at fault to be found; log what was said."""
    _log.warning("a book is refused in bulk and quarantined", book=book, error=reason(error))
    clear(generation, definitions, book)


def derive(generation: Generation, definitions: Definitions, book: str) -> None:
    """Compute the derived rows of a book, or quarantine it."""
    try:
        with generation.unhurried() as connection:
            derive_book(connection, definitions.derived, book)
    except Exception as error:
        if not is_row_fault(error):
            raise
        quarantine(generation, definitions, book, error)
