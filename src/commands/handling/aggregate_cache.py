"""Aggregate cache: aggregates from memory, or read from the ledger in a thread.

What is cached is never handed out: a command gets a copy, so one that fails leaves no trace.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
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
# No two moments of the ledger are closer.
_AN_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Loaded:
    """A copy of an aggregate; ``from_cache``: the ledger was not asked whether it has moved."""

    aggregate: Entity
    from_cache: bool


@dataclass(frozen=True)
class _Cached:
    aggregate: Entity
    checked_at: float


class AggregateCache:
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
        self._entries: OrderedDict[tuple[str, str], _Cached] = OrderedDict()
        self._left_out: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="commands-read")

    def close(self) -> None:
        self._readers.shutdown()

    async def load(self, book: str, stream: str, *, fresh: bool = False) -> Loaded | None:
        """The aggregate; None when there is none. ``fresh``: as it was half a second ago or later.

        Without it a cached one may be older; the append of what it decides will tell.
        """
        key = (book, stream)
        entry = self._entries.get(key)
        if entry is None:
            return await self._read(book, stream)
        self._entries.move_to_end(key)
        now = self._monotonic()
        if fresh and now - entry.checked_at > _FRESH_SECONDS:
            # Whoever asks first reads on; the others need not ask again meanwhile.
            self._entries[key] = replace(entry, checked_at=now)
            return await self.load_now(book, stream)
        return Loaded(entry.aggregate.copy(), from_cache=True)

    async def load_settled(self, book: str, stream: str) -> Loaded | None:
        """One of which all is known: it never changes, nor is it written any more if it was not.

        So that there is none is remembered as well.
        """
        if (book, stream) in self._left_out:
            return None
        loaded = await self.load(book, stream)
        if loaded is None:
            self.leave_out(book, stream)
        return loaded

    def leave_out(self, book: str, stream: str) -> None:
        """Remembers that there is none, and never will be."""
        self._left_out[book, stream] = None
        if len(self._left_out) > self._size:
            self._left_out.popitem(last=False)

    async def load_now(self, book: str, stream: str) -> Loaded | None:
        """The aggregate as it is in the ledger by now; None when there is none."""
        entry = self._entries.get((book, stream))
        if entry is None or await self.have_moved(book, {stream: entry.aggregate.version}):
            return await self._read(book, stream)
        return Loaded(entry.aggregate.copy(), from_cache=True)

    async def have_moved(self, book: str, versions: Mapping[str, int]) -> bool:
        """Whether in the ledger a stream does not end at the given version: it goes on, or is gone.

        What has moved is forgotten, so that it is read again.
        """
        moved = [
            stream
            for stream, version in versions.items()
            if await self._in_a_thread(self._has_moved, book, stream, version)
        ]
        self.forget(book, moved)
        return bool(moved)

    def keep(self, book: str, aggregates: Iterable[Entity]) -> None:
        """Remembers what has been committed, unless something later is remembered already."""
        for aggregate in aggregates:
            aggregate.collect_events()
            key = (book, aggregate.id)
            entry = self._entries.get(key)
            if entry is None or entry.aggregate.version <= aggregate.version:
                self._entries[key] = _Cached(aggregate, self._monotonic())
            self._entries.move_to_end(key)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def forget(self, book: str, streams: Iterable[str]) -> None:
        for stream in streams:
            self._entries.pop((book, stream), None)

    async def lock(self, book: str, stream: str, locks: list[asyncio.Lock], *, wait: bool) -> None:
        """Takes the lock of those who change a stream, to be released by the caller.

        Without ``wait`` a stream that is locked is not waited for: nobody waits while others wait
        for them, and a lost race is only a decision made twice.
        """
        lock = self._locks.setdefault((book, stream), asyncio.Lock())
        if wait or not lock.locked():
            await lock.acquire()
            locks.append(lock)

    async def owner(self, book: str, kind: str, value: str) -> str | None:
        return await self._in_a_thread(self._ledger.owner, book, kind, value)

    async def owners(self, book: str, kind: str, prefix: str) -> list[tuple[str, str]]:
        return await self._in_a_thread(self._ledger.owners, book, kind, prefix)

    async def head(self, book: str) -> int:
        return await self._in_a_thread(self._ledger.head, book)

    async def position_before(self, book: str, moment: datetime) -> int:
        return await self._in_a_thread(self._ledger.position_at, book, moment - _AN_INSTANT)

    async def _read(self, book: str, stream: str) -> Loaded | None:
        if not looks_like_an_id(stream):
            return None
        aggregate = await self._in_a_thread(self._replay, book, stream)
        if aggregate is None:
            return None
        self.keep(book, [aggregate])
        return Loaded(aggregate.copy(), from_cache=False)

    def _replay(self, book: str, stream: str) -> Entity | None:
        aggregate: Entity | None = None
        for stored in self._ledger.read_stream(book, stream):
            aggregate = self._mapper.decode(stored).mutate(aggregate)
        return aggregate

    def _has_moved(self, book: str, stream: str, version: int) -> bool:
        # With the fact of that version: of a book that was deleted nothing comes, not even that.
        found = self._ledger.read_stream(book, stream, after=version - 1)
        return [fact.version for fact in found] != [version]

    async def _in_a_thread(self, read: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: read(*args, **kwargs))
