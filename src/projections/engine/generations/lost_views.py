"""Lost views: by what one tells that tables were taken away, emptied or broken.

`rebuilding.keeper` watches.
"""

import sqlite3
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ledger.distribution import is_distributed
from ledger.errors import StoreReplaced
from projections.engine.generations.generation import Generation

# No such table, and no such schema.
_LOST_STATES: Final = frozenset({"42P01", "3F000"})
_LOST_CODES: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FILES: Final = text(
    "SELECT c.relname, c.relfilenode, c.reltuples > 0 FROM pg_class c "
    "JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = :schema AND c.relkind IN ('r', 'p')"
)


class OfAnotherHistory(Exception):  # noqa: N818 (a state of things, not a fault)
    """What is recorded does not go on from the facts that these views were folded from."""

    def __init__(self, book: str) -> None:
        super().__init__(f"of another history than the ledger: {book}")


def says_lost(error: Exception, generation: Generation) -> bool:
    """Whether its tables, or the file they are in, are not there any more, or are none.

    Or of another ledger. A database that is away, or for which there is no room, says nothing
    about the views.
    """
    if isinstance(error, (StoreReplaced, OfAnotherHistory)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if generation.path is not None and not generation.path.exists():
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    return (
        getattr(error.orig, "sqlstate", None) in _LOST_STATES
        or (code is not None and code & 0xFF in _LOST_CODES)
        or "no such table" in str(error.orig)
    )


class Truncations:
    """Looks now and then whether tables of a generation were emptied, on PostgreSQL.

    An emptied table gets a new file, of which no rows are known yet; who rewrites a table gives it
    a new one too, and counts the rows.
    """

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self._held: dict[str, int] = {}

    def look(self) -> list[str]:
        """The names of tables that held rows when it was looked before and were emptied since."""
        if self._generation.schema is None:
            return []
        with self._generation.reading() as connection:
            if is_distributed(connection):
                # Each machine has files of its own, and nobody knows all of them.
                return []
            rows = connection.execute(_FILES, {"schema": self._generation.schema})
            files = {name: (file, counted) for name, file, counted in rows}
            emptied = [
                name
                for name, file in self._held.items()
                if name in files and files[name][0] != file and not files[name][1]
            ]
            self._held = {
                name: file
                for name, (file, _) in files.items()
                if self._held.get(name) == file or self._holds(connection, name)
            }
        return sorted(emptied)

    def _holds(self, connection: Connection, name: str) -> bool:
        table = f'{self._generation.schema}."{name}"'
        found = connection.execute(text(f"SELECT EXISTS (SELECT 1 FROM {table})"))  # noqa: S608 (our own names)
        return bool(found.scalar())
