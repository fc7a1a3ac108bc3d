"""Where does a command get its aggregates from? From memory, or from the ledger in a thread.

What is remembered is never handed out: a command gets a copy, so one that fails leaves no trace.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from commands.handling.ids import looks_like_an_id
from domain.fact import Entity
from ledger.facts import FactMapper
from ledger.ledger import Ledger

P = ParamSpec("P")
T = TypeVar("T")

# How long what is only looked at may be behind what other processes wrote.
_FRESH_SECONDS = 0.5
_READERS = 4


@dataclass(frozen=True)
class Loaded:
    """A copy of an aggregate; ``remembered``: the ledger was not asked whether it has moved."""

    aggregate: Entity
    remembered: bool


@dataclass(frozen=True)
class _Kept:
    aggregate: Entity
    checked_at: float


class Aggregates:
    """The aggregates of all books, the most recently used ``size`` of them in memory.

    Lives on one event loop; only the reading of the ledger happens in threads.
    """

    def __init__(
        self, ledger: Ledger, *, size: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = ledger
        self._mapper = FactMapper()
        self._size = size
        self._monotonic = monotonic
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._queues: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="commands-read")

    def close(self) -> None:
        self._readers.shutdown()

    async def load(self, book: str, stream: str, *, fresh: bool = False) -> Loaded | None:
        """The aggregate; None when there is none. ``fresh``: as it was half a second ago or later.

        Without it a remembered one may be older; the append of what it decides will tell.
        """
        key = (book, stream)
        kept = self._kept.get(key)
        if kept is None:
            return await self._read(book, stream)
        self._kept.move_to_end(key)
        now = self._monotonic()
        if fresh and now - kept.checked_at > _FRESH_SECONDS:
            # Whoever asks first reads on; the others need not ask again meanwhile.
            self._kept[key] = replace(kept, checked_at=now)
            return await self.load_now(book, stream)
        return Loaded(kept.aggregate.copy(), remembered=True)

    async def load_now(self, book: str, stream: str) -> Loaded | None:
        """The aggregate as it is in the ledger by now; None when there is none."""
        kept = self._kept.get((book, stream))
        if kept is None or await self.have_moved(book, {stream: kept.aggregate.version}):
            return await self._read(book, stream)
        return Loaded(kept.aggregate.copy(), remembered=True)

    async def have_moved(self, book: str, versions: Mapping[str, int]) -> bool:
        """Whether the ledger knows more of a stream than it did at the given version.

        What has moved is forgotten, so that it is read again.
        """
        moved = [
            stream
            for stream, version in versions.items()
            if await self._in_a_thread(self._ledger.read_stream, book, stream, after=version)
        ]
        self.forget(book, moved)
        return bool(moved)

    def keep(self, book: str, aggregates: Iterable[Entity]) -> None:
        """Remembers what has been committed, unless something later is already remembered."""
        for aggregate in aggregates:
            aggregate.collect_events()
            key = (book, aggregate.id)
            kept = self._kept.get(key)
            if kept is None or kept.aggregate.version <= aggregate.version:
                self._kept[key] = _Kept(aggregate, self._monotonic())
            self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def forget(self, book: str, streams: Iterable[str]) -> None:
        for stream in streams:
            self._kept.pop((book, stream), None)

    async def queue_for(
        self, book: str, stream: str, places: list[asyncio.Lock], *, wait: bool
    ) -> None:
        """Takes a place in the line of those who change a stream, to be released by the caller.

        Without ``wait`` a busy stream is not queued for: nobody waits while others wait for them,
        and a lost race is only a decision made twice.
        """
        queue = self._queues.setdefault((book, stream), asyncio.Lock())
        if wait or not queue.locked():
            await queue.acquire()
            places.append(queue)

    async def owner(self, book: str, kind: str, value: str) -> str | None:
        return await self._in_a_thread(self._ledger.owner, book, kind, value)

    async def owners(self, book: str, kind: str, prefix: str) -> list[tuple[str, str]]:
        return await self._in_a_thread(self._ledger.owners, book, kind, prefix)

    async def head(self, book: str) -> int:
        return await self._in_a_thread(self._ledger.head, book)

    async def _read(self, book: str, stream: str) -> Loaded | None:
        if not looks_like_an_id(stream):
            return None
        aggregate = await self._in_a_thread(self._replay, book, stream)
        if aggregate is None:
            return None
        self.keep(book, [aggregate])
        return Loaded(aggregate.copy(), remembered=False)

    def _replay(self, book: str, stream: str) -> Entity | None:
        aggregate: Entity | None = None
        for stored in self._ledger.read_stream(book, stream):
            aggregate = self._mapper.decode(stored).mutate(aggregate)
        return aggregate

    async def _in_a_thread(self, read: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: read(*args, **kwargs))
