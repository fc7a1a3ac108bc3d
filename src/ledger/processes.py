"""Processes: who is alive on a store, each in a row of its own that it renews while it is.

Moments are the database's, as those of leases are. A row that nobody renews says so by its age, and
is taken away by whoever renews theirs later; nobody waits for a row, and nothing rests on one.
"""

import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Literal
from uuid import uuid4

import orjson
from sqlalchemy import Connection, Delete, Engine, delete, select

from ledger.bulk_statements import put_rows
from ledger.database import writing
from ledger.lease import moment_after, moment_in
from ledger.reading import ask
from ledger.schema import processes

# Those of this release: rows of another may say others.
Kind = Literal["serve", "worker", "project", "bill", "deliver", "rebuild", "verify"]
Work = Literal["serving", "folding", "billing", "delivery"]

# Whoever was not seen any more is told of for so long.
_REMEMBERED_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Duty:
    """What a process does, and how that goes."""

    work: str
    state: str


@dataclass(frozen=True, slots=True)
class Process:
    """`id` names one life of a process; while `is_silent` it has not been seen for a while."""

    id: str
    kind: str
    host: str
    pid: int
    release: str
    started_at: datetime
    seen_at: datetime
    is_silent: bool
    duties: tuple[Duty, ...]


class Presence:
    """This process in the list; ``duties`` are looked up each time it is renewed."""

    # So often it is to be renewed…
    every_seconds: ClassVar[float] = 5.0
    # …and whoever has missed three in a row is silent.
    silent_after_seconds: ClassVar[float] = 15.0

    def __init__(
        self, engine: Engine, *, kind: str, release: str, duties: Callable[[], Iterable[Duty]]
    ) -> None:
        self.id = uuid4().hex
        self.duties = duties
        self._engine = engine
        self._kind = kind
        self._release = release
        self._started_at = 0

    def renew(self) -> None:
        """It was seen now; and those who were not for long are told of no more."""
        duties = orjson.dumps([[each.work, each.state] for each in self.duties()]).decode()
        # What is lost of this in a power cut is said again.
        with writing(self._engine.execution_options(durable=False)) as connection:
            now = moment_in(connection)
            self._started_at = self._started_at or now
            machine = (socket.gethostname(), os.getpid(), self._release)
            row = ("", self.id, self._kind, *machine, duties, self._started_at, now)
            put_rows(connection, processes, [row])
            connection.execute(_forget_before(moment_after(now, -_REMEMBERED_SECONDS)))

    def end(self) -> None:
        """It is told of no more."""
        mine = (processes.c.book == "", processes.c.id == self.id)
        with writing(self._engine.execution_options(durable=False)) as connection:
            connection.execute(delete(processes).where(*mine))


def processes_of(engine: Engine) -> list[Process]:
    """Those that are alive, or were a while ago: the oldest first."""
    return ask(engine, _listed)


def _forget_before(moment: int) -> Delete:
    columns = processes.c
    # Of processes that stood still together each renews its own row: nobody waits for another's.
    gone = (
        select(columns.id)
        .where(columns.book == "", columns.seen_at < moment)
        .with_for_update(skip_locked=True)
    )
    return delete(processes).where(columns.book == "", columns.id.in_(gone))


def _listed(connection: Connection) -> list[Process]:
    columns = processes.c
    silent_before = moment_after(moment_in(connection), -Presence.silent_after_seconds)
    oldest_first = (
        select(processes).where(columns.book == "").order_by(columns.started_at, columns.id)
    )
    return [_process(row, silent_before) for row in connection.execute(oldest_first)]


def _process(row: Any, silent_before: int) -> Process:
    return Process(
        id=row.id,
        kind=row.kind,
        host=row.host,
        pid=row.pid,
        release=row.release,
        started_at=_moment(row.started_at),
        seen_at=_moment(row.seen_at),
        is_silent=row.seen_at < silent_before,
        duties=tuple(Duty(work, state) for work, state in orjson.loads(row.duties)),
    )


def _moment(microseconds: int) -> datetime:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
