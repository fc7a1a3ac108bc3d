"""Generation: one set of view tables, a SQLite file of its own or a PostgreSQL schema.

A generation belongs to the definitions it was made for. It can be thrown away at any time: the
facts are the truth, and durability is left to them.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Table, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import (
    CreateIndex,
    CreateSchema,
    CreateTable,
    DropSchema,
)

from ledger.database import open_engine
from ledger.distribution import distribute, is_distributed, spread
from ledger.opened_files import files_must_be_there
from ledger.private_files import DATABASE_FILES, make_private_file
from projections.engine.folding.checkpoints import CHECKPOINTS
from projections.engine.folding.definitions import Definitions

_CACHE_KIB = 64 * 1024
_SCANNING_CACHE_KIB = 4 * 1024
_MADE_AT_ONCE = 4
_SORT_MEMORY = "128MB"
_MOMENT = "1s"
# What PostgreSQL says to a second primary key: "multiple primary keys for table".
_HAS_A_KEY = "42P16"


@dataclass(frozen=True, slots=True)
class Generation:
    """Where one set of views is: an engine to write it, an engine to read it.

    `schema` is the PostgreSQL schema of its tables, None on SQLite; `path` is the file on SQLite,
    None on PostgreSQL. `definitions` is the digest of what it was made for.
    """

    number: int
    definitions: str
    engine: Engine
    reading_engine: Engine
    schema: str | None
    path: Path | None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that need not survive a power cut: the facts do.

        Like `reading` it raises StoreReplaced where the file is not the one that was opened.
        """
        with self.engine.begin() as connection:
            files_must_be_there(connection)
            yield connection

    @contextmanager
    def loading(self) -> Iterator[Connection]:
        """`unhurried`, for rows by the hundred thousand that nobody reads yet.

        Of those who load into one table, one may make its key, behind whom all others wait.
        """
        with self.engine.execution_options(loading=True, unhurried=True).begin() as connection:
            yield connection

    @contextmanager
    def unhurried(self) -> Iterator[Connection]:
        """`writing`, for what takes its time and says nothing meanwhile, such as an index."""
        patient = self.engine.execution_options(unhurried=True)
        with replace(self, engine=patient).writing() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment: rows and checkpoint belong together."""
        with self.reading_engine.begin() as connection:
            files_must_be_there(connection)
            yield connection

    @contextmanager
    def scanning(self) -> Iterator[Connection]:
        """`reading`, for who reads every row once: what was read is not worth keeping."""
        with self.reading() as connection:
            _keep_pages(connection, self.path, _SCANNING_CACHE_KIB)
            yield connection
            _keep_pages(connection, self.path, _CACHE_KIB)

    def create(self, definitions: Definitions) -> None:
        """Make the tables, without indexes, and without primary keys where that is possible."""
        if self.path is not None:
            make_private_file(self.path)
        with self.unhurried() as connection:
            if self.schema is not None:
                connection.execute(CreateSchema(self.schema))
            CHECKPOINTS.create_all(connection, checkfirst=False)
            for table in definitions.tables:
                connection.execute(CreateTable(table))
            if self.schema is not None and is_distributed(connection):
                distribute(connection, self.schema)

    def distribute(self) -> list[str]:
        """Spread the tables over machines, beside the ledger's; the names of those it spread."""
        if self.schema is None:
            return []
        return spread(self.engine, self.schema)

    def create_keys(self, definitions: Definitions) -> None:
        """Make the primary keys that `create` left out; those that are there stay."""
        if self.schema is None:
            return
        self._make((self._key(table) for table in definitions.tables), unless=_HAS_A_KEY)

    def create_indexes(self, definitions: Definitions) -> None:
        """Make the indexes; those that are there stay."""
        self._make(
            CreateIndex(index, if_not_exists=True)
            for table in definitions.tables
            for index in sorted(table.indexes, key=lambda each: str(each.name))
            if index.info["dialect"] == self.engine.dialect.name
        )
        for searched in definitions.searched:
            with self.unhurried() as connection:
                if self.schema is not None:
                    connection.execute(text(f"SET LOCAL maintenance_work_mem = '{_SORT_MEMORY}'"))
                searched.create(connection, self._name(searched.table))

    def create_readable_views(self, definitions: Definitions) -> None:
        """Make the views for people; those that are there stay."""
        with self.unhurried() as connection:
            for each in definitions.readable:
                statement = each.statement(self.engine.dialect.name, self.schema)
                connection.execute(text(statement.replace(":", r"\:")))

    def analyze(self, definitions: Definitions, only: Iterable[Table] | None = None) -> None:
        """Let the database look at the rows, to plan its queries well."""
        tables = definitions.tables if only is None else only
        self._make(text(f"ANALYZE {self._name(table)}") for table in tables)

    def _make(self, statements: Iterable[Executable], *, unless: str | None = None) -> None:
        """Each in a transaction of its own; PostgreSQL works on several at once.

        Those which are refused with the SQLSTATE `unless` are not needed.
        """

        def make(statement: Executable) -> None:
            with _refused(unless), self.unhurried() as connection:
                if self.schema is not None:
                    connection.execute(text(f"SET LOCAL maintenance_work_mem = '{_SORT_MEMORY}'"))
                connection.execute(statement)

        with ThreadPoolExecutor(1 if self.schema is None else _MADE_AT_ONCE) as workers:
            for made in [workers.submit(make, statement) for statement in statements]:
                made.result()

    def _key(self, table: Table) -> Executable:
        keys = ", ".join(column.name for column in table.primary_key)
        added = f"ADD CONSTRAINT {table.name}_pkey PRIMARY KEY ({keys})"
        return text(f"ALTER TABLE {self._name(table)} {added}")

    def _name(self, table: Table) -> str:
        return table.name if self.schema is None else f"{self.schema}.{table.name}"

    def drop(self, *, waits: bool = True) -> None:
        """Take the tables away, and their file or schema with them; nothing is there: nothing.

        Whoever still reads them is waited for; without `waits` only for a moment, which raises
        DBAPIError. OSError when a file cannot be removed. It may be said again.
        """
        self.close()
        if self.schema is not None:
            with self.unhurried() as connection:
                if not waits:
                    connection.execute(text(f"SET LOCAL lock_timeout = '{_MOMENT}'"))
                connection.execute(DropSchema(self.schema, cascade=True, if_exists=True))
        if self.path is not None:
            for suffix in DATABASE_FILES:
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the connections that are this generation's own."""
        if self.path is not None:
            self.engine.dispose()


def sqlite_generation(path: Path, number: int, definitions: str) -> Generation:
    """The generation in this file; nothing is opened before the first transaction.

    Only `create` makes the file: whoever has not noticed yet that it was taken away finds none,
    and does not leave an empty one in its place.
    """
    engine = open_engine(f"sqlite:///{path}", durable=False)
    event.listen(engine, "connect", _enlarge_cache)
    there = engine.execution_options(schema_translate_map={"views": None})
    return Generation(
        number=number,
        definitions=definitions,
        engine=there.execution_options(writing=True),
        reading_engine=there,
        schema=None,
        path=path,
    )


def postgresql_generation(engine: Engine, schema: str, number: int, definitions: str) -> Generation:
    """The generation in this schema, on the connections of `engine`."""
    there = engine.execution_options(schema_translate_map={"views": schema})
    reading = there.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Generation(
        number=number,
        definitions=definitions,
        engine=there.execution_options(writing=True, durable=False),
        reading_engine=reading,
        schema=schema,
        path=None,
    )


@contextmanager
def _refused(sqlstate: str | None) -> Iterator[None]:
    """Goes on after a statement that PostgreSQL refused for this reason."""
    try:
        yield
    except DBAPIError as error:
        if sqlstate is None or getattr(error.orig, "sqlstate", None) != sqlstate:
            raise


def _keep_pages(connection: Connection, path: Path | None, kib: int) -> None:
    """PostgreSQL has a cache of its own for all."""
    if path is not None:
        connection.exec_driver_sql(f"PRAGMA cache_size = -{kib}")


def _enlarge_cache(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
