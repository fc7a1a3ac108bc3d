"""The driver's own connection, for what SQLAlchemy does not send."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


@contextmanager
def driven(connection: Connection, statement: str) -> Iterator[Any]:
    """The driver's own connection, for a statement that SQLAlchemy knows nothing of.

    What the driver raises comes as SQLAlchemy raises it for a statement of its own.
    """
    driver = connection.connection.driver_connection
    dialect = connection.dialect
    kind = dialect.loaded_dbapi.Error
    try:
        yield driver
    except kind as error:
        if dialect.is_disconnect(error, connection.connection, None):
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement,
            None,
            error,
            kind,
            hide_parameters=True,
            connection_invalidated=connection.invalidated,
            dialect=dialect,
        ) from error
