"""Recorder: what came of deliveries is written together, every few milliseconds.

What is written about a book stands under its lease: who has lost it writes nothing.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Final, Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from delivery.cursors import Changes, Cursor, write
from ledger.lease import Lease
from ledger.supervised_threads import ThreadLog

_TOGETHER_SECONDS: Final = 0.02
_PAUSE_SECONDS: Final = 1.0
_STUCK_SECONDS: Final = 10.0
# Then the database fails, and nobody's rows.
_OUTAGES: Final = (OperationalError, InterfaceError, PoolTimeoutError)


class Noted(Protocol):
    """Whoever has something to write."""

    changes: Changes

    def row(self) -> Cursor:
        """Where it stands."""


class Recorder:
    """Of all books of a process. What it has written may be lost in a power cut, and is sent again.

    So ``engine`` need not be durable.
    """

    def __init__(
        self, engine: Engine, executor: Executor, *, stuck_seconds: float = _STUCK_SECONDS
    ) -> None:
        self._engine = engine
        self._executor = executor
        self._stuck_seconds = stuck_seconds
        self._lost: Callable[[Lease], None] = lambda _lease: None
        self._noted: dict[Noted, Lease] = {}
        self._stuck: set[Noted] = set()
        self._something = asyncio.Event()
        self._writing = asyncio.Lock()
        self._log = ThreadLog("delivery")

    def on_lost(self, lost: Callable[[Lease], None]) -> None:
        """Calls back with each lease that somebody else has taken."""
        self._lost = lost

    def note(self, noted: Noted, lease: Lease) -> None:
        """Something is to be written before long; of one that is stuck when it is tried again."""
        if noted not in self._stuck:
            self._try(noted, lease)

    def is_stuck(self, noted: Noted) -> bool:
        """Its rows could not be written, while those of others could: it must not go on."""
        return noted in self._stuck

    async def run(self) -> None:
        while True:
            await self._something.wait()
            await asyncio.sleep(_TOGETHER_SECONDS)
            try:
                await self.write_now()
            except Exception as error:  # noqa: BLE001 (logged, and tried again)
                self._log.note(error, "deliveries could not be recorded")
                await asyncio.sleep(_PAUSE_SECONDS)

    async def write_now(self) -> None:
        """What was noted by now is written when this returns, or is stuck; raises in an outage."""
        async with self._writing:
            noted, self._noted = self._noted, {}
            self._something.clear()
            if not noted:
                return
            try:
                await self._write(noted)
            except _OUTAGES:
                raise
            except Exception:  # noqa: BLE001 (whose fault it is shows when each is written alone)
                for each in noted:
                    self._noted.pop(each, None)
                for each, lease in noted.items():
                    await self._write_alone(each, lease)

    async def _write_alone(self, noted: Noted, lease: Lease) -> None:
        try:
            await self._write({noted: lease})
        except _OUTAGES:
            raise
        except Exception as error:  # noqa: BLE001 (logged, and tried again later)
            row = noted.row()
            where = {"book": row.book, "endpoint": row.follower, "cursor": row.cursor}
            self._log.note(error, "what came of its deliveries cannot be recorded", **where)
            self._noted.pop(noted, None)
            self._stuck.add(noted)
            loop = asyncio.get_running_loop()
            loop.call_later(self._stuck_seconds, self._try, noted, lease)

    async def _write(self, noted: Mapping[Noted, Lease]) -> None:
        """Together, or nothing of it: then all of it is to be written still."""
        taken = {each: each.changes.taken() for each in noted}
        changes: dict[Lease, Changes] = {}
        for each, lease in noted.items():
            row = each.row()
            taken[each].cursors[row.follower, row.cursor] = row
            changes.setdefault(lease, Changes()).add(taken[each])
        loop = asyncio.get_running_loop()
        try:
            lost = await loop.run_in_executor(self._executor, write, self._engine, changes)
        except BaseException:
            for each, part in taken.items():
                each.changes.put_back(part)
                self._try(each, noted[each])
            raise
        self._stuck.difference_update(noted)
        for lease in lost:
            self._lost(lease)

    def _try(self, noted: Noted, lease: Lease) -> None:
        self._noted[noted] = lease
        self._something.set()
