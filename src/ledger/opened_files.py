"""Opened files: whether the files of a SQLite database are still those that a connection opened.

Whoever has a file open goes on writing it after it was taken away or replaced, and nobody will ever
read that. SQLite looks for it only where it keeps a rollback journal, not where it logs ahead.
"""

import os

from sqlalchemy import Connection

from ledger.errors import StoreReplaced

_Identity = tuple[int, int] | None


class OpenedFiles:
    """The database and its log as one connection found them; device and inode tell a file."""

    def __init__(self, path: str) -> None:
        self._path, self._log_path = path, f"{path}-wal"
        self.database = identity(path)
        # An empty database has no log before the first transaction.
        self._log = identity(self._log_path)

    def must_be_there(self) -> None:
        """Raises StoreReplaced; to be asked where a transaction has begun, or after it."""
        if self._log is None:
            self._log = identity(self._log_path)
        database, log = identity(self._path), identity(self._log_path)
        if database is None or (database, log) != (self.database, self._log):
            raise StoreReplaced(self._path)


def files_must_be_there(connection: Connection) -> None:
    """Raises StoreReplaced; PostgreSQL looks after its files itself."""
    files: OpenedFiles | None = connection.info.get("files")
    if files is not None:
        files.must_be_there()


def identity(path: str) -> _Identity:
    """None where there is no file, or a database that was emptied."""
    try:
        found = os.stat(path)  # noqa: PTH116 (for every batch, in half the time of a Path)
    except FileNotFoundError:
        return None
    is_emptied = found.st_size == 0 and not path.endswith("-wal")
    return None if is_emptied else (found.st_dev, found.st_ino)
