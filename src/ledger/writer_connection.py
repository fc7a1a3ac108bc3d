"""Writer connections: kept from one batch to the next, and what was learned through them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, RootTransaction

from ledger.database import asking
from ledger.known_heads import KnownHeads
from ledger.opened_files import files_must_be_there
from ledger.server_timeout import TimeoutConnection

# A head that is locked for longer is locked by somebody who stands still: its book is set aside.
LOCK_SECONDS = 1


class WriterConnection:
    """For one thread: transactions on one connection, single statements on another.

    Each is taken from the pool anew only after an error, or when the server has closed it: to be
    asked of the pool for each batch costs as much as some of the statements of a batch.
    """

    def __init__(self, engine: Engine) -> None:
        self._transactions = _Kept(
            engine.execution_options(writing=True, lock_seconds=LOCK_SECONDS)
        )
        self._statements = _Kept(asking(engine))
        self.known_heads = KnownHeads()

    @contextmanager
    def transaction(self) -> Iterator[tuple[Connection, RootTransaction]]:
        """Rolled back when left with an error, and when the transaction was not committed.

        Raises StoreReplaced before anything is written to files that nobody will find again, and
        after it: nothing that was is acknowledged.
        """
        with self._transactions.connection() as connection:
            transaction = connection.begin()
            files_must_be_there(connection)
            yield connection, transaction
            transaction.close()
            files_must_be_there(connection)

    @contextmanager
    def statements(self) -> Iterator[Connection]:
        """Each is a transaction of its own."""
        with self._statements.connection() as connection:
            yield connection

    def release(self) -> None:
        """Gives the connections back to the pool, which rolls back what was begun on them."""
        self._transactions.release()
        self._statements.release()


class _Kept:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        if self._connection is not None and _is_closed(self._connection):
            self._connection.invalidate()
            self.release()
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            yield self._connection
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _is_closed(connection: Connection) -> bool:
    driver = connection.connection.driver_connection
    return isinstance(driver, TimeoutConnection) and driver.is_closed_by_server()
