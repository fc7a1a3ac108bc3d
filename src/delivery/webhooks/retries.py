"""Retries: what a cursor has left behind, looked for when its time comes and read again."""

import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import ClassVar, Final

from delivery import cursors
from delivery.webhooks.lanes import Lanes
from delivery.webhooks.services import Services
from delivery.webhooks.told_facts import ToldFacts
from ledger.clock import written

_AT_ONCE: Final = 64


class Retries:
    """Of one cursor. ``record`` writes what was noted by now; False when it cannot be written."""

    behind_every_seconds: ClassVar[float] = 1.0
    # Somebody may ask at any time that something be told again.
    anyway_every_seconds: ClassVar[float] = 5.0

    def __init__(
        self,
        services: Services,
        lanes: Lanes,
        facts: ToldFacts,
        *,
        record: Callable[[], Awaitable[bool]],
    ) -> None:
        self._ask = services.ask
        self._in_a_thread = services.in_a_thread
        self._engine = services.ledger.engine
        self._lanes = lanes
        self._facts = facts
        self._record = record
        self._looked_at = float("-inf")

    @property
    def looks_every_seconds(self) -> float:
        return self.behind_every_seconds if self._lanes.has_behind else self.anyway_every_seconds

    async def begin(self) -> None:
        """Learns what whoever worked the cursor before has left behind."""
        lanes, ask, engine = self._lanes, self._ask, self._engine
        lanes.learn(await ask(cursors.lanes_behind, engine, lanes.cursor))
        lanes.released.update(await ask(cursors.stranded_lanes, engine, lanes.cursor))

    async def take(self, now: datetime) -> None:
        """What may be tried by now; of each lane what comes first."""
        lanes, clock = self._lanes, time.monotonic()
        looks = clock - self._looked_at >= self.looks_every_seconds
        if not (looks or lanes.released) or lanes.ready >= _AT_ONCE:
            return
        busy, released = lanes.busy, set(lanes.released)
        lanes.released.clear()
        # What was settled by now stands in the tables then, and is not found again.
        if not await self._record():
            lanes.released |= released
            return
        ask, engine, moment = self._ask, self._engine, written(now)
        if looks:
            self._looked_at = clock
            lanes.oldest_behind_at = await ask(cursors.oldest_behind, engine, lanes.cursor)
            limit = _AT_ONCE + len(busy)
            released.update(await ask(cursors.due_lanes, engine, lanes.cursor, moment, limit=limit))
        free = released - busy - lanes.busy
        rows = await ask(cursors.first_of, engine, lanes.cursor, free, moment) if free else []
        if not rows:
            return
        # How much there is of each: somebody may have asked that more be told again.
        among = {row.lane for row in rows}
        lanes.learn(await ask(cursors.lanes_behind, engine, lanes.cursor, among))
        # Both ways of reading facts may wait for the views to come along.
        for delivery in await self._in_a_thread(self._facts.read_behind, rows):
            lanes.take_behind(delivery)
