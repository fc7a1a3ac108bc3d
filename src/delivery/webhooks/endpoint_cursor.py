"""Endpoint cursor: goes through the facts of a book and tells an endpoint, in order by customer.

One for each endpoint, and one more for each replay; what may go at once is read and rendered
together, and what came of it is written together.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from delivery import cursors
from delivery.cursors import Changes, Cursor
from delivery.recorder import Recorder
from delivery.webhooks.delivery_ids import LIVE
from delivery.webhooks.health import WARNED_AFTER, Health, disabled_from
from delivery.webhooks.lanes import Delivery, Lanes
from delivery.webhooks.outcomes import DELIVERED, settle
from delivery.webhooks.pace import Pace
from delivery.webhooks.parcels import Parcels
from delivery.webhooks.sender import GONE, TIME_LIMIT_SECONDS, UNRENDERED, Result
from delivery.webhooks.services import Services
from delivery.webhooks.standing import disable, warn
from delivery.webhooks.told_facts import ToldFacts
from delivery.webhooks.under_way import UnderWay
from domain.webhook_endpoint import WebhookEndpoint
from ledger.clock import written
from ledger.lease import Lease

_WINDOW: Final = 256
_DUE_AT_ONCE: Final = 64
_LOOK_AT_LATE_SECONDS: Final = 0.25
_LOOK_AT_DUE_SECONDS: Final = 1.0
_IDLE_SECONDS: Final = 5.0
_CLOSING_SECONDS: Final = 2.0
# By then even whoever answers slowest has, or is not waited for any more.
_GIVEN_UP_AFTER: Final = timedelta(seconds=TIME_LIMIT_SECONDS + 5)
_UNRENDERED: Final = Result(
    "", UNRENDERED, "", "it could not be told: an error of ours, which the log shows", 0
)


class EndpointGone(Exception):  # noqa: N818 (it was removed)
    """Nobody is to be told any more."""


class EndpointCursor:
    """``head`` says how far the book goes; ``recorder`` writes what is noted."""

    def __init__(
        self,
        services: Services,
        cursor: Cursor,
        health: Health,
        pace: Pace,
        *,
        lease: Lease,
        head: Callable[[], int],
        recorder: Recorder,
    ) -> None:
        self.changes = Changes()
        self.lanes = Lanes(cursor, {}, self.changes)
        self._services = services
        self._health = health
        self._lease = lease
        self._head = head
        self._recorder = recorder
        self._awake = asyncio.Event()
        self._closing = False
        self._url = ""
        self._has_failed = self._is_gone = False
        self._probes: Counter[str] = Counter()
        self._done: set[int] = set()
        self._looked_for_due = float("-inf")
        self._facts = ToldFacts(services, cursor.book)
        self._pace = pace
        self._parcels = Parcels(services, cursor.book, cursor.follower, cursor.cursor)
        self._under_way = UnderWay(services.client, services.clock, self._settle)

    def row(self) -> Cursor:
        """Itself as it stands, to be written with its changes."""
        row = self.lanes.cursor._replace(position=self.lanes.position)
        return self._health.in_row(row) if row.cursor == LIVE else row

    @property
    def is_over(self) -> bool:
        """Whether it is a replay that has told all."""
        until = self.lanes.cursor.until
        return bool(until) and self.lanes.position >= until and not self.lanes.has_behind

    @property
    def is_failing(self) -> bool:
        return self._health.failing_since is not None

    def wake(self) -> None:
        self._awake.set()

    async def close(self) -> None:
        """Begins nothing new, and waits for a moment for what is under way."""
        self._closing = True
        self.wake()
        await self._under_way.end(seconds=_CLOSING_SECONDS)

    async def run(self) -> None:
        """Until it is closed, or a replay has told all. Raises EndpointGone."""
        await self._begin()
        while not self._closing and not self.is_over:
            self._awake.clear()
            pause = await self._step()
            if pause > 0 and not self._closing:
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._awake.wait()

    async def _begin(self) -> None:
        ask, engine = self._services.ask, self._services.ledger.engine
        cursor = self.lanes.cursor
        self._done = await ask(cursors.done_after, engine, cursor)
        behind = await ask(cursors.lanes_behind, engine, cursor)
        self.lanes = Lanes(cursor, behind, self.changes)
        self.lanes.released.update(await ask(cursors.stranded_lanes, engine, cursor))

    async def _step(self) -> float:
        """Does what can be done now; for how long nothing else can be."""
        cursor, now = self.lanes.cursor, self._services.clock()
        handler = self._services.handler
        endpoint = await handler.load_recent(WebhookEndpoint, cursor.book, cursor.follower)
        if endpoint is None or endpoint.removed:
            raise EndpointGone
        self._url = endpoint.url
        self._leave_the_late_behind(now)
        if not endpoint.enabled:
            self._health.forget()
            # What was sent before is answered still, and says nothing of what comes after.
            self._has_failed = self._is_gone = False
            return _IDLE_SECONDS
        if self._has_failed:
            await self._judge(endpoint, now)
            return 0
        self._facts.choose(endpoint.events)
        await self._take_what_is_behind(now)
        if self._recorder.is_stuck(self):
            return _IDLE_SECONDS
        await self._read_on()
        if self._health.is_down:
            return await self._probe(endpoint, now)
        return await self._send(endpoint)

    async def _judge(self, endpoint: WebhookEndpoint, now: datetime) -> None:
        """After a failure: whether the endpoint is to be told nothing any more, or to be warned."""
        self._has_failed = False
        handler, cursor = self._services.handler, self.lanes.cursor
        since = self._health.failing_since
        if self._is_gone:
            self._is_gone = False
            await disable(handler, cursor.book, cursor.follower, "gone")
        elif since is None or now - since < WARNED_AFTER:
            return
        elif endpoint.warned_at is None or endpoint.failing_since != since:
            await warn(handler, cursor.book, cursor.follower, since)
        elif now >= disabled_from(since, endpoint.warned_at):
            await disable(handler, cursor.book, cursor.follower, "failing")

    def _leave_the_late_behind(self, now: datetime) -> None:
        late = self._under_way.late()
        for delivery in late:
            self.lanes.is_late(delivery, written(now + _GIVEN_UP_AFTER))
        if late:
            self._note()

    async def _take_what_is_behind(self, now: datetime) -> None:
        lanes, clock = self.lanes, time.monotonic()
        every = _LOOK_AT_DUE_SECONDS if lanes.has_behind else _IDLE_SECONDS
        looks = clock - self._looked_for_due >= every
        if not (looks or lanes.released) or lanes.ready >= _DUE_AT_ONCE:
            return
        busy, released = lanes.busy, set(lanes.released)
        lanes.released.clear()
        # What was settled by now stands in the tables then, and is not found again.
        await self._recorder.write_now()
        if self._recorder.is_stuck(self):
            lanes.released |= released
            return
        ask, engine, moment = self._services.ask, self._services.ledger.engine, written(now)
        if looks:
            self._looked_for_due = clock
            limit = _DUE_AT_ONCE + len(busy)
            released.update(await ask(cursors.due_lanes, engine, lanes.cursor, moment, limit=limit))
        free = released - busy - lanes.busy
        rows = await ask(cursors.first_of, engine, lanes.cursor, free, moment) if free else []
        if not rows:
            return
        await self._learn({row.lane for row in rows})
        # Both ways of reading facts may wait for the views to come along.
        read_behind = self._facts.read_behind
        for delivery in await self._services.in_a_thread(read_behind, rows):
            lanes.take_behind(delivery)

    async def _learn(self, found: set[str]) -> None:
        """How much of each lane there is: somebody may have asked that more be told again."""
        if found:
            ask, engine = self._services.ask, self._services.ledger.engine
            self.lanes.learn(await ask(cursors.count_behind, engine, self.lanes.cursor, found))

    async def _read_on(self) -> None:
        lanes = self.lanes
        upto = min(self._head(), lanes.cursor.until or self._head())
        while lanes.open < _WINDOW and lanes.read_upto < upto:
            after = lanes.read_upto
            read = self._facts.read
            done = self._done
            page = await self._services.in_a_thread(read, after=after, upto=upto, done=done)
            if page.upto == after:
                return
            for delivery in page.deliveries:
                lanes.take(delivery)
            lanes.read_upto = page.upto
            self._note()

    async def _probe(self, endpoint: WebhookEndpoint, now: datetime) -> float:
        """One of those that wait is sent now and then, each time of somebody else."""
        health = self._health
        due_in = ((health.next_probe_at or now) - now).total_seconds()
        if health.is_probed or due_in > 0:
            return _IDLE_SECONDS if health.is_probed else min(due_in, _IDLE_SECONDS)
        picked = self.lanes.pick_ready(lambda delivery: self._probes[delivery.lane])
        if picked is None:
            return _IDLE_SECONDS
        health.is_probed = True
        self._probes[picked.lane] += 1
        try:
            await self._begin_sending(endpoint, [picked], is_probe=True)
        except Exception:
            health.is_probed = False
            raise
        return _LOOK_AT_LATE_SECONDS

    async def _send(self, endpoint: WebhookEndpoint) -> float:
        self._pace.begin_round()
        batch: list[Delivery] = []
        while len(batch) < self._under_way.free:
            delivery = self.lanes.next_ready(self._pace.may_go)
            if delivery is None:
                break
            batch.append(delivery)
        if batch:
            await self._begin_sending(endpoint, batch, is_probe=False)
        return self._pause()

    async def _begin_sending(
        self, endpoint: WebhookEndpoint, batch: list[Delivery], *, is_probe: bool
    ) -> None:
        for delivery, parcel in await self._parcels.packed(endpoint, batch):
            if parcel is None:
                self._settle(delivery, _UNRENDERED, is_probe)
            else:
                self._under_way.begin(delivery, parcel, is_probe=is_probe)

    def _pause(self) -> float:
        if self.lanes.ready and self._under_way.free:
            return self._pace.seconds_until_next
        if self._under_way.awaits_any:
            return _LOOK_AT_LATE_SECONDS
        return _LOOK_AT_DUE_SECONDS if self.lanes.has_behind else _IDLE_SECONDS

    def _settle(self, delivery: Delivery, result: Result, is_probe: bool) -> None:  # noqa: FBT001
        if is_probe:
            self._health.is_probed = False
        now, rules = self._services.clock(), self._services.rules
        is_elsewhere = result.url != self._url
        outcome = settle(
            delivery,
            result,
            now,
            lanes=self.lanes,
            health=None if is_elsewhere else self._health,
            rules=rules,
            is_probe=is_probe,
        )
        self._services.sent[outcome] += 1
        if outcome != DELIVERED:
            self._has_failed = True
            self._is_gone = self._is_gone or (result.status == GONE and not is_elsewhere)
        self._note()
        self.wake()

    def _note(self) -> None:
        self._recorder.note(self, self._lease)
