"""Recorder: what came of deliveries is written together, every few milliseconds.

What is written about a book stands under its lease: who has lost it writes nothing.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, Protocol

from sqlalchemy import Engine

from delivery.cursors import Changes, Cursor, write
from ledger.lease import Lease
from ledger.supervised_threads import ThreadLog

_TOGETHER_SECONDS: Final = 0.02
_PAUSE_SECONDS: Final = 1.0


class Noted(Protocol):
    """Whoever has something to write."""

    changes: Changes

    def row(self) -> Cursor:
        """Where it stands."""


class Recorder:
    """Of all books of a process. What it has written may be lost in a power cut, and is sent again.

    So ``engine`` need not be durable.
    """

    def __init__(self, engine: Engine, executor: Executor) -> None:
        self._engine = engine
        self._executor = executor
        self._lost: Callable[[Lease], None] = lambda _lease: None
        self._noted: dict[Noted, Lease] = {}
        self._something = asyncio.Event()
        self._writing = asyncio.Lock()
        self._log = ThreadLog("delivery")

    def on_lost(self, lost: Callable[[Lease], None]) -> None:
        """Calls back with each lease that somebody else has taken."""
        self._lost = lost

    def note(self, noted: Noted, lease: Lease) -> None:
        """Something is to be written before long."""
        self._noted[noted] = lease
        self._something.set()

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
        """What was noted by now is written when this returns; raises what the database raises."""
        async with self._writing:
            noted, self._noted = self._noted, {}
            self._something.clear()
            if not noted:
                return
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
                    self.note(each, noted[each])
                raise
            for lease in lost:
                self._lost(lease)
