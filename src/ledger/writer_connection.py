"""Writer connection: kept from one batch to the next."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, RootTransaction

from ledger.opened_files import files_must_be_there

# After so long it may have been cut; the pool asks the server before it gives one out.
_TRUSTED_SECONDS = 1


class WriterConnection:
    """Transactions on one connection, taken from the pool anew after a pause or an error only.

    For one thread. To be asked of the pool for each batch, and tried there, costs as much as some
    of the statements of a batch.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._used_at = 0.0

    @contextmanager
    def transaction(self) -> Iterator[tuple[Connection, RootTransaction]]:
        """Rolled back when left with an error, and when the transaction was not committed.

        Raises StoreReplaced before anything is written to files that nobody will find again, and
        after it: nothing that was is acknowledged.
        """
        if time.monotonic() - self._used_at > _TRUSTED_SECONDS:
            self.release()
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            transaction = self._connection.begin()
            files_must_be_there(self._connection)
            yield self._connection, transaction
            transaction.close()
            files_must_be_there(self._connection)
        except BaseException:
            self.release()
            raise
        self._used_at = time.monotonic()

    def release(self) -> None:
        """Gives the connection back to the pool, which rolls back what was begun on it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
