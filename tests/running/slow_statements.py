"""Slow statements: one that takes longer than a hurried one is waited for."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event

HURRIED_SECONDS = 1
HINDERED_SECONDS = 2


def address(engine: Engine) -> str:
    """Where another session finds the same database, as the driver wants to be told."""
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def hindered(engine: Engine, statement: str, table: str) -> Iterator[list[str]]:
    """The first statement that matches waits two seconds for a lock on the table.

    Whoever is in a hurry gives up after one, whichever way: by the server's silence, the time a
    lock is waited for, or the time a statement may take. The statement that waited is in the list.
    """
    url = address(engine)
    waited: list[str] = []

    def hinder(_connection: Any, _cursor: Any, sent: str, *_: Any) -> None:
        if not waited and re.search(statement, sent):
            waited.append(sent)
            other = psycopg.connect(url)
            other.execute(f"LOCK TABLE {table}")  # type: ignore[arg-type] (our own names)
            Timer(HINDERED_SECONDS, other.close).start()

    def hurry(connection: Any, *_: Any) -> None:
        connection.server_timeout_seconds = HURRIED_SECONDS
        connection.execute(f"SET statement_timeout = '{HURRIED_SECONDS}s'")
        connection.commit()

    with pytest.MonkeyPatch.context() as hurried:
        hurried.setattr("ledger.database._BUSY_SECONDS", HURRIED_SECONDS)
        event.listen(engine, "checkout", hurry)
        event.listen(Engine, "before_cursor_execute", hinder)
        try:
            yield waited
        finally:
            event.remove(Engine, "before_cursor_execute", hinder)
            event.remove(engine, "checkout", hurry)
