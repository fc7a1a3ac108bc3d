"""Streams of events: text that is made once for all who read the same at about the same time."""

import asyncio
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from delivery.envelopes import event_id, to_json
from delivery.feed import EventFilter, Feed, FeedPage
from delivery.growth import Growth
from delivery.movements import Movements
from ledger.ledger import Ledger
from projections.engine.live.reader import Views
from projections.engine.turns import Turns

# Of one organization in one process; each holds a connection.
_MOST_READERS_OF_ONE: Final = 256
_EVENTS_OF_A_PART: Final = 50
_PATIENCE_SECONDS: Final = 2.0
# What a customer is called, or that they are gone, may be told late by so much.
_KEPT_SECONDS: Final = 2.0
_MOST_KEPT_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """Server-sent events; ``position`` is the last that was looked at for them."""

    text: bytes
    position: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody reads: in which book, what of it, after which position."""

    book: str
    wanted: EventFilter
    after: int


class Streams:
    """What all who read streams of events in a process share; it lives on one event loop.

    Nothing is kept for one reader alone: whoever takes long reads on from the ledger.
    """

    def __init__(self, ledger: Ledger, views: Views, feed: Feed) -> None:
        most = _MOST_READERS_OF_ONE
        self.growth = Growth(ledger)
        self.movements = Movements(ledger, views)
        self.turns = Turns(at_once=sys.maxsize, of_one=most, most_of_one=most)
        self._views = views
        self._feed = feed
        self._under_way: dict[Place, asyncio.Task[Part]] = {}
        self._kept = _Kept()

    async def part(self, place: Place) -> Part:
        """What comes next there, in one part; it may be nothing yet."""
        kept = self._kept.get(place)
        if kept is not None:
            return kept
        task = self._under_way.get(place)
        if task is None:
            task = self._under_way[place] = asyncio.create_task(self._made(place))
            task.add_done_callback(lambda made: self._finished(place, made))
        # Whoever leaves takes it from none of the others.
        return await asyncio.shield(task)

    async def _made(self, place: Place) -> Part:
        found = await self._views.ask(
            place.book,
            lambda views: _part(
                self._feed.page(
                    views, place.book, place.wanted, after=place.after, limit=_EVENTS_OF_A_PART
                )
            ),
            wait_seconds=_PATIENCE_SECONDS,
        )
        if found.result.text:
            self._kept.put(place, found.result)
        return found.result

    def _finished(self, place: Place, made: asyncio.Task[Part]) -> None:
        del self._under_way[place]
        if not made.cancelled():
            made.exception()  # it has been told to all who were still there


def beat(book: str, position: int) -> bytes:
    """A sign of life, which says after which position to read on."""
    return b": nothing new\nid: %s\n\n" % event_id(book, position).encode()


class _Kept:
    """Parts that were made a moment ago, so many bytes of them."""

    def __init__(self) -> None:
        self._parts: OrderedDict[Place, tuple[float, Part]] = OrderedDict()
        self._bytes = 0

    def get(self, place: Place) -> Part | None:
        self._forget()
        found = self._parts.get(place)
        return found and found[1]

    def put(self, place: Place, part: Part) -> None:
        self._parts[place] = (time.monotonic() + _KEPT_SECONDS, part)
        self._bytes += len(part.text)
        self._forget()

    def _forget(self) -> None:
        """Those first that were made first."""
        now = time.monotonic()
        while self._parts:
            until, part = next(iter(self._parts.values()))
            if until > now and self._bytes <= _MOST_KEPT_BYTES:
                return
            self._parts.popitem(last=False)
            self._bytes -= len(part.text)


def _part(page: FeedPage) -> Part:
    return Part(b"".join(map(_frame, page.events)), page.position, page.has_more)


def _frame(told: dict[str, Any]) -> bytes:
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        told["id"].encode(),
        told["event"].encode(),
        to_json(told),
    )
