"""Database engines and migrations: a database is opened, and gets the ledger's tables.

Opening makes nothing: the file of a SQLite store is made with its tables, by `upgrade` alone.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, select, text
from sqlalchemy.exc import DisconnectionError

from ledger.address import database_address
from ledger.arrays import accept_arrays
from ledger.distribution import LOCK_OF_THE_SCHEMA, distribute, is_distributed, look
from ledger.errors import NoStore, StoreReplaced, WrongSchema
from ledger.opened_files import OpenedFiles, identity
from ledger.private_files import make_private_file
from ledger.revision import REVISION, migrate, must_not_be_newer, revision
from ledger.schema import SCHEMA, store
from ledger.server_timeout import TimeoutConnection

_BUSY_SECONDS = 10
_POOLED = 29
# A process that is stopped in the middle of a transaction holds its locks no longer than this:
# less than others wait for them, and more than any of our programs thinks between two statements,
# but for one that sorts rows by the hundred thousand; who waits for the tables it fills has time.
_STOPPED_SECONDS = 5
_STOPPED_LOADING_SECONDS = 60
_CONNECTING = {
    # A prepared statement lives in one session, which a pooler may give to somebody else.
    "prepare_threshold": None,
    "connect_timeout": _BUSY_SECONDS,
    # A server that vanished without a word is given up, not waited for.
    "tcp_user_timeout": _BUSY_SECONDS * 1000,
    "keepalives_idle": _BUSY_SECONDS,
}


def open_engine(url: str, *, durable: bool = True) -> Engine:
    """An engine on ``sqlite:///path`` or ``postgresql://…`` (also ``postgres://``).

    ``durable=False`` is for what can be rebuilt: a commit may then be lost in a power cut.
    Raises ValueError for any other database.
    """
    parsed = database_address(url)
    match parsed.get_backend_name():
        case "sqlite":
            return _open_sqlite(parsed, durable=durable)
        case "postgresql" | "postgres":
            return _open_postgresql(parsed, durable=durable)
        case other:
            raise ValueError(f"a ledger lives in sqlite or postgresql, not in {other}")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is going to write: on SQLite it takes the write lock at once.

    (A transaction that begins with reading and then wants to write is refused there, however long
    it waits, when somebody else wrote in between.)
    """
    with engine.execution_options(writing=True).begin() as connection:
        yield connection


def asking(engine: Engine) -> Engine:
    """For questions of one statement each, which on PostgreSQL is all that is sent for them.

    A transaction around it would be two more ways there and back. (On SQLite there is no way.)
    """
    if engine.dialect.name != "postgresql":
        return engine
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def upgrade(engine: Engine) -> None:
    """Brings the tables up to date, and gives a new store its identity.

    Any number of processes may do this at the same moment: they queue on a lock.
    Raises WrongSchema when a newer release has been here.
    """
    if engine.dialect.name == "sqlite":
        make_private_file(_file(engine))
    with writing(engine.execution_options(unhurried=True)) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_OF_THE_SCHEMA})"))
            # A table is not waited for so long: behind who wants to change it everybody queues.
            connection.execute(text(f"SET LOCAL lock_timeout = '{_BUSY_SECONDS}s'"))
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        migrate(connection)
        if connection.execute(select(store.c.id).where(store.c.book == "")).first() is None:
            connection.execute(insert(store).values(book="", id=uuid4().hex, epoch=1))
        if is_distributed(connection):
            distribute(connection, SCHEMA)


def require_store(engine: Engine) -> None:
    """Raises NoStore where no ledger has been made yet, and makes none."""
    if engine.dialect.name == "sqlite" and not _file(engine).exists():
        raise NoStore(str(_file(engine)))
    with engine.connect() as connection:
        if revision(connection) is None:
            raise NoStore(engine.url.database or "the database")


def require_schema(engine: Engine) -> None:
    """Raises WrongSchema unless the tables are those of this release, NoStore without any."""
    require_store(engine)
    with engine.connect() as connection:
        found = revision(connection)
    if found != REVISION:
        must_not_be_newer(found)
        raise WrongSchema(
            f"the ledger's tables are as of {found}, which is not what this release needs: "
            "run `whence db upgrade`"
        )


def _open_sqlite(url: URL, *, durable: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ValueError("a ledger in memory forgets: name a file, as in sqlite:///var/ledger.db")
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
        execution_options={"schema_translate_map": {SCHEMA: None}},
        pool_size=0,  # as many as there are threads, and all are kept
        # The values of a statement may be personal: an error in a log must not show them.
        hide_parameters=True,
    )

    path = url.database
    opened_first: list[tuple[int, int] | None] = []

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, _given: object, settings: Any) -> Any:
        found = identity(path)
        # Of views that were taken away the driver says so itself.
        if (found or durable) and opened_first and opened_first != [found]:
            raise StoreReplaced(path)
        place = Path(path).absolute().as_uri()
        return sqlite3.connect(f"{place}?mode=rw", uri=True, **settings)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        # The driver must not begin transactions by its own rules: `begin` below does.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        files = record.info["files"] = OpenedFiles(path)
        opened_first[:] = opened_first or [files.database]

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        is_writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")

    return engine


def _file(engine: Engine) -> Path:
    return Path(engine.url.database or "")


def _open_postgresql(url: URL, *, durable: bool) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        # Who asks for another patience in the address gets it.
        connect_args={name: value for name, value in _CONNECTING.items() if name not in url.query},
        hide_parameters=True,
        # One for every thread that may ask; what is opened is kept, for opening takes longer.
        pool_size=_POOLED,
        max_overflow=0,
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, given: Any, settings: Any) -> Any:
        return TimeoutConnection.connect(*given, **settings)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        record.info["distributed"] = look(connection)
        accept_arrays(connection)

    @event.listens_for(engine, "checkout")
    def look_at(connection: Any, _record: object, _proxy: object) -> None:
        if connection.is_closed_by_server():
            raise DisconnectionError

    @event.listens_for(engine, "checkin")
    def hurry(connection: Any, _record: object) -> None:
        if connection is not None:
            connection.server_timeout_seconds = TimeoutConnection.server_timeout_seconds

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("unhurried", False):
            wait_at_length(connection)
        # For this transaction only: a setting of the session would be lost behind a pooler.
        settings = _settings(options, durable=durable)
        if settings:
            connection.exec_driver_sql(
                "SELECT "
                + ", ".join(f"set_config('{name}', '{to}', true)" for name, to in settings.items())
            )

    return engine


def wait_at_length(connection: Connection) -> None:
    """In this transaction a server that is silent is waited for, as long as it takes."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        driver.server_timeout_seconds = None


def _settings(options: Mapping[str, Any], *, durable: bool) -> dict[str, str]:
    """What a transaction on PostgreSQL asks of the server, by its execution options.

    `writing` holds locks that others wait for, `loading` rows by the hundred thousand that nobody
    waits for; `unhurried` takes its time, whatever the server's own limits are.
    """
    settings: dict[str, str] = {}
    if options.get("writing", False):
        stopped = _STOPPED_LOADING_SECONDS if options.get("loading") else _STOPPED_SECONDS
        settings["synchronous_commit"] = "on" if options.get("durable", durable) else "off"
        settings["lock_timeout"] = f"{options.get('lock_seconds', _BUSY_SECONDS)}s"
        settings["idle_in_transaction_session_timeout"] = f"{stopped}s"
    if options.get("unhurried", False):
        settings["lock_timeout"] = settings["statement_timeout"] = "0"
    return settings
