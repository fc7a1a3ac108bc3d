"""Endpoint cursor: goes through the facts of a book and tells an endpoint, in order by customer.

One for each endpoint, and one more for each replay; what may go at once is read and rendered
together, and what came of it is written together.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import ClassVar, Final

from delivery import cursors
from delivery.cursors import Changes, Cursor
from delivery.recorder import Recorder
from delivery.webhooks.delivery_ids import LIVE
from delivery.webhooks.disabling import Disabling
from delivery.webhooks.health import Health
from delivery.webhooks.lanes import Delivery, Lanes
from delivery.webhooks.outcomes import DELIVERED, settle
from delivery.webhooks.pace import Pace
from delivery.webhooks.parcels import Parcels
from delivery.webhooks.retries import Retries
from delivery.webhooks.sender import GONE, TIME_LIMIT_SECONDS, Result
from delivery.webhooks.services import Services
from delivery.webhooks.told_facts import ToldFacts
from delivery.webhooks.under_way import UnderWay
from domain.webhook_endpoint import WebhookEndpoint
from ledger.clock import written
from ledger.lease import Lease

_WINDOW: Final = 256
_LOOK_AT_LATE_SECONDS: Final = 0.25
_CLOSING_SECONDS: Final = 2.0
# By then even whoever answers slowest has, or is not waited for any more.
_GIVEN_UP_AFTER: Final = timedelta(seconds=TIME_LIMIT_SECONDS + 5)


class EndpointGone(Exception):  # noqa: N818 (it was removed)
    """Nobody is to be told any more."""


class EndpointCursor:
    """``head`` says how far the book goes; ``recorder`` writes what is noted."""

    idle_seconds: ClassVar[float] = 5.0

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
        self.lanes = Lanes(cursor, self.changes)
        self._services = services
        self._health = health
        self._lease = lease
        self._head = head
        self._recorder = recorder
        self._awake = asyncio.Event()
        self._closing = False
        self._is_enabled = True
        self._url = ""
        self._probes: Counter[str] = Counter()
        self._done: set[int] = set()
        self._facts = ToldFacts(services, cursor.book, history_upto=cursor.until)
        self._retries = Retries(services, self.lanes, self._facts, record=self._record)
        self._disabling = Disabling(services.handler, cursor.book, cursor.follower, health)
        self._pace = pace
        self._parcels = Parcels(services, cursor.book, cursor.follower, cursor.cursor)
        self._under_way = UnderWay(services.client, services.clock, self._settle)
        if cursor.cursor == LIVE:
            health.on_change(self._note)

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
        ask, ledger, cursor = self._services.ask, self._services.ledger, self.lanes.cursor
        self._done = await ask(cursors.done_after, ledger.engine, cursor)
        if cursor.cursor == LIVE:
            registered = await ask(ledger.read_stream, cursor.book, cursor.follower)
            self._facts.history_upto = registered[0].position
        await self._retries.begin()

    async def _step(self) -> float:
        """Does what can be done now; for how long nothing else can be."""
        cursor, now = self.lanes.cursor, self._services.clock()
        # Who is woken to be told again, or tried, must not read how it was a moment before.
        by_now = not self._is_enabled or self._health.is_down
        endpoint = await self._services.handler.load_recent(
            WebhookEndpoint, cursor.book, cursor.follower, by_now=by_now
        )
        if endpoint is None or endpoint.removed:
            raise EndpointGone
        self._url = endpoint.url
        self._is_enabled = endpoint.enabled
        self._leave_the_late_behind(now)
        if not endpoint.enabled:
            self._health.forget()
            self._disabling.forget()
            return self.idle_seconds
        if self._disabling.is_due:
            await self._disabling.look(endpoint, now)
            return 0
        self._health.asked(endpoint.retried_at)
        self._facts.choose(endpoint.events)
        await self._retries.take(now)
        if self._recorder.is_stuck(self):
            return self.idle_seconds
        await self._read_on()
        if self._health.is_down:
            return await self._probe(endpoint, now)
        return await self._send(endpoint)

    def _leave_the_late_behind(self, now: datetime) -> None:
        late = self._under_way.late()
        for delivery in late:
            self.lanes.is_late(delivery, written(now + _GIVEN_UP_AFTER))
        if late:
            self._note()

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
            return self.idle_seconds if health.is_probed else min(due_in, self.idle_seconds)
        picked = self.lanes.pick_ready(lambda delivery: self._probes[delivery.lane])
        if picked is None:
            return self.idle_seconds
        health.is_probed = True
        self._probes[picked.lane] += 1
        try:
            await self._begin_sending(endpoint, [picked], is_probe=True)
        except Exception:
            health.is_probed = False
            raise
        return _LOOK_AT_LATE_SECONDS

    async def _send(self, endpoint: WebhookEndpoint) -> float:
        self._pace.begin_round(head=self._head())
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
            if isinstance(parcel, Result):
                self._settle(delivery, parcel, is_probe)
            else:
                self._under_way.begin(delivery, parcel, is_probe=is_probe)

    def _pause(self) -> float:
        if self.lanes.ready and self._under_way.free:
            return self._pace.seconds_until_next
        if self._under_way.awaits_any:
            return _LOOK_AT_LATE_SECONDS
        return self._retries.looks_every_seconds

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
            is_gone = result.status == GONE and not is_elsewhere
            self._disabling.failed(says_it_is_gone=is_gone)
        self._note()
        if outcome != DELIVERED or self._under_way.free:
            self.wake()

    async def _record(self) -> bool:
        await self._recorder.write_now()
        return not self._recorder.is_stuck(self)

    def _note(self) -> None:
        self._recorder.note(self, self._lease)
