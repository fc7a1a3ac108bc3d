"""Book deliveries: all endpoints of one book, worked by whoever has the lease of the book."""

import asyncio
from collections.abc import Collection, Iterable
from typing import Final

from delivery import cursors
from delivery.cursors import Cursor
from delivery.recorder import Recorder
from delivery.webhooks.delivery_ids import LIVE
from delivery.webhooks.endpoint_cursor import EndpointCursor, EndpointGone
from delivery.webhooks.health import Health
from delivery.webhooks.pace import Pace
from delivery.webhooks.services import Services
from domain.webhook_endpoint import ENDPOINT, WebhookEndpoint
from ledger.lease import Lease
from ledger.supervised_threads import ThreadLog

_BEGUN_AGAIN_AFTER_SECONDS: Final = 5.0


class BookDeliveries:
    """``head`` is how far the book goes, as was seen last."""

    def __init__(self, services: Services, recorder: Recorder, lease: Lease, head: int) -> None:
        self.lease = lease
        self.head = head
        self.listed_at = -1
        self._services = services
        self._recorder = recorder
        self._health: dict[str, Health] = {}
        self._paces: dict[str, Pace] = {}
        self._working: dict[tuple[str, str], tuple[EndpointCursor, asyncio.Task[None]]] = {}
        self._log = ThreadLog("delivery")

    @property
    def working(self) -> list[EndpointCursor]:
        return [cursor for cursor, _ in self._working.values()]

    def works(self, cursors: Collection[tuple[str, str]]) -> bool:
        """Whether each of these is worked: whose it is, and which of theirs."""
        return self._working.keys() >= set(cursors)

    def reaches(self, head: int) -> None:
        """Something was recorded, up to there."""
        self.head = head
        for cursor in self.working:
            cursor.wake()

    async def look(self) -> None:
        """Begins with endpoints and replays that are new."""
        ask, engine, book = (
            self._services.ask,
            self._services.ledger.engine,
            self.lease.book,
        )
        listed_at = self.head
        # What is over by the time that rows are read may stand in them still.
        worked = set(self._working)
        endpoints = [
            stream for _, stream in await ask(self._services.ledger.owners, book, ENDPOINT, "")
        ]
        rows = {
            (row.follower, row.cursor): row for row in await ask(cursors.cursors_of, engine, book)
        }
        new = [each for each in endpoints if (each, LIVE) not in rows]
        for row in await self._services.in_a_thread(self._begin, new):
            rows[row.follower, row.cursor] = row
        for row in rows.values():
            is_worked = (row.follower, row.cursor) in worked
            if row.follower in endpoints and not is_worked:
                self._work(row)
        self.listed_at = listed_at

    async def close(self) -> None:
        await asyncio.gather(*(cursor.close() for cursor in self.working))
        self.stop()

    def stop(self) -> None:
        """At once: somebody else has it now."""
        for _, task in self._working.values():
            task.cancel()
        self._working.clear()

    def _begin(self, endpoints: Iterable[str]) -> list[Cursor]:
        """Blocks. Those who were not told anything yet, from where they are to be told."""
        ledger, book = self._services.ledger, self.lease.book
        begun = []
        for stream in endpoints:
            first = ledger.read_stream(book, stream)[0]
            fact = self._services.mapper.decode(first)
            assert isinstance(fact, WebhookEndpoint.Registered)  # noqa: S101 (what begins it)
            after = first.position if fact.told_after is None else fact.told_after
            begun.append(Cursor(book, stream, LIVE, after))
        if begun:
            cursors.begin(ledger.engine, begun)
        return begun

    def _work(self, row: Cursor) -> None:
        health = self._health.get(row.follower)
        if health is None or row.cursor == LIVE:
            health = self._health[row.follower] = Health(row)
        cursor = EndpointCursor(
            self._services,
            row,
            health,
            self._pace_of(row.follower),
            lease=self.lease,
            head=lambda: self.head,
            recorder=self._recorder,
        )
        key = (row.follower, row.cursor)
        task = asyncio.create_task(self._run(cursor, row))
        self._working[key] = cursor, task

    def _pace_of(self, follower: str) -> Pace:
        """However much it is told again at once, it is told no faster."""
        if follower not in self._paces:
            services = self._services
            self._paces[follower] = Pace(services.rules.backlog_per_second, services.clock)
        return self._paces[follower]

    async def _run(self, cursor: EndpointCursor, row: Cursor) -> None:
        """What goes wrong with one endpoint is logged, and begun again before long."""
        where, engine = {"book": row.book, "endpoint": row.follower}, self._services.ledger.engine
        try:
            await cursor.run()
            if not cursor.is_over:
                return
            await self._recorder.write_now()
            if self._recorder.is_stuck(cursor):
                return
            await self._services.in_a_thread(cursors.forget_cursor, engine, self.lease, row)
        except EndpointGone:
            await self._services.in_a_thread(cursors.forget, engine, self.lease, row.follower)
        except Exception as error:  # noqa: BLE001 (logged, and gone on with)
            self._log.note(error, "an endpoint could not be told", **where)
            await cursor.close()
            await asyncio.sleep(_BEGUN_AGAIN_AFTER_SECONDS)
        self._working.pop((row.follower, row.cursor), None)
        self.listed_at = -1
