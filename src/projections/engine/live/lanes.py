"""Which books this process folds: those of the lanes it holds.

Books are spread over a fixed number of lanes. Where several processes work, each holds its share
by leases that it renews; whoever dies or stops is not renewed, and the others take what it held.
A release with other views has lanes of its own: its processes could not fold into ours.
A fence, raised on each taking, tells a holder from one that held the same lane before.
"""

import socket
import threading
from collections.abc import Iterable, Mapping, Sequence
from os import getpid
from types import MappingProxyType
from typing import Protocol, Self
from uuid import uuid4
from zlib import crc32

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ledger.database import writing
from ledger.supervised_threads import supervised_thread
from projections.engine.live import leases

LANES = 64

# A lane, and the fence it was taken with.
Held = Mapping[int, int]

_EVERY_LANE: Held = MappingProxyType(dict.fromkeys(range(LANES), 0))
_NO_LANE: Held = MappingProxyType({})

_RENEWALS_PER_LEASE = 3
# Whoever has less than its share looks more often: others are just giving it back.
_LOOKS_PER_LEASE = 30

_log = structlog.get_logger("whence")


def lane_of(book: str) -> int:
    """Where a book belongs, for ever."""
    return crc32(book.encode()) % LANES


class Lanes(Protocol):
    """What a projector asks before it folds, and once more when it writes."""

    @property
    def held(self) -> Held:
        """The lanes of this process as far as it knows; another object when they change."""

    def confirm(self, held: Held, connection: Connection, books: Iterable[str], /) -> set[str]:
        """Those of the books whose lanes are still held so; nobody takes them meanwhile.

        To be asked in the transaction that writes their rows.
        """


class EveryLane:
    """For a process that is alone: on SQLite, or with views that nobody else knows of."""

    @property
    def held(self) -> Held:
        return _EVERY_LANE

    # Nobody could have taken any.
    def confirm(self, _held: Held, _connection: Connection, books: Iterable[str], /) -> set[str]:
        return set(books)


class LeasedLanes:
    """A fair share of the lanes of some views, held for `lease_seconds` after each renewal.

    Use as a context manager: it ends with giving everything back, so that nobody waits.
    """

    def __init__(self, engine: Engine, *, views: str, lease_seconds: float) -> None:
        # A lease that is lost in a power cut was lost anyway.
        self._engine = engine.execution_options(durable=False)
        self._lease_seconds = lease_seconds
        name = f"{socket.gethostname()}/{getpid()}/{uuid4().hex[:8]}"
        self._worker = leases.Worker(views, name)
        self._are_laid_out = False
        self._held = _NO_LANE
        self._lock = threading.Lock()
        self._others = 0
        self._doubted = threading.Event()
        self._closing = threading.Event()
        self._thread = supervised_thread(self._run, name="lanes", closing=self._closing)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Take what there is to be had, and look after it from now on."""
        self._try()
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._doubted.set()
        self._thread.join()
        self._hold(_NO_LANE)
        try:
            with writing(self._engine) as connection:
                leases.leave(connection, self._worker)
        except (DBAPIError, PoolTimeoutError) as error:
            _log.warning("the lanes could not be given back: they expire", exc_info=error)

    @property
    def held(self) -> Held:
        return self._held

    @property
    def others(self) -> int:
        """How many other workers were alive a moment ago."""
        return self._others

    def confirm(self, held: Held, connection: Connection, books: Iterable[str]) -> set[str]:
        lane_by_book = {book: lane_of(book) for book in books}
        asked = set(lane_by_book.values())
        sure = dict(leases.confirmed(connection, self._worker, asked).items() & held.items())
        if len(sure) < len(asked):
            self._let_go({lane: held[lane] for lane in held.keys() & asked - sure.keys()})
        return {book for book, lane in lane_by_book.items() if lane in sure}

    def look_after(self) -> bool:
        """Renew what is held, give back what is too much, take what is missing.

        False when there is less than a fair share to be had.
        """
        with writing(self._engine) as connection:
            if not self._are_laid_out:
                leases.lay_out(connection, self._worker.views, LANES)
            now = leases.moment(connection)
            until = now + int(self._lease_seconds * 1_000_000)
            leases.announce(connection, self._worker, until=until)
            living = leases.living(connection, self._worker.views, now=now)
            share = _share(living, self._worker.name)
            mine = leases.renew(connection, self._worker, until=until)
            surplus = sorted(mine)[share:]
            if surplus:
                mine = {lane: mine[lane] for lane in sorted(mine)[:share]}
                # Before others may take the rest: nothing is begun with it any more.
                self._hold(mine)
                leases.give_back(connection, self._worker, surplus)
            elif len(mine) < share:
                missing = share - len(mine)
                mine |= leases.take(connection, self._worker, missing, now=now, until=until)
                leases.bury(connection, now=now)
        self._are_laid_out = True
        self._others = len(living) - 1
        self._hold(mine)
        return len(mine) == share

    def _run(self) -> None:
        while True:
            has_share = self._try()
            looks = _LOOKS_PER_LEASE if has_share is False else _RENEWALS_PER_LEASE
            self._doubted.wait(self._lease_seconds / looks)
            self._doubted.clear()
            if self._closing.is_set():
                return

    def _try(self) -> bool | None:
        """None when the database could not be asked."""
        try:
            return self.look_after()
        except (DBAPIError, PoolTimeoutError) as error:
            _log.warning("the lanes could not be renewed, trying again", exc_info=error)
            return None

    def _hold(self, mine: Held) -> None:
        with self._lock:
            if mine != self._held:
                self._held = MappingProxyType(dict(mine))

    def _let_go(self, lost: Held) -> None:
        """What turned out to be somebody else's; the next look says what is left."""
        with self._lock:
            kept = self._held.items() - lost.items()
            if len(kept) < len(self._held):
                self._held = MappingProxyType(dict(kept))
        self._doubted.set()


def _share(living: Sequence[str], worker: str) -> int:
    """An equal part; when that does not come out even, the first few hold one more."""
    whole, left = divmod(LANES, len(living))
    return whole + (living.index(worker) < left)
