"""Reader of the past: answers questions as of a moment, by the same queries.

What the tables tell of a moment is read off them. Everything else is a pure function of facts:
those of the book up to the moment are folded into views in memory, and the same query runs on them.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Self, TypeVar

from sqlalchemy import Connection

from ledger.ledger import Ledger
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.timestamps import micros
from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.live.progress import PastProgress
from projections.engine.live.reader import QueryResult
from projections.engine.time_travel.as_seen import NoPast, Seen
from projections.engine.time_travel.budget import FACTS_PER_MINUTE, FactBudget
from projections.engine.time_travel.cache import CacheEntry, Key, SnapshotCache
from projections.engine.time_travel.snapshot import Snapshot
from projections.engine.time_travel.stream_views import (
    BookTooLarge,
    FactsAbout,
    StreamViews,
    facts_about,
)
from projections.engine.time_travel.table_reader import TableReader
from projections.engine.turns import Turns, organization_of

T = TypeVar("T")

# So many facts are folded in a second, and whatever else is asked of their moment costs nothing.
_FOLDED_AT_ONCE = 20_000

_THREADS = 4
# Of a few facts as of all: one organization's folds never hold up another's.
_FEW_AT_ONCE = 2
_FEW_OF_ONE = 1
_MOST_STREAMS = 2
_MOST_STREAMS_OF_ONE = 1


@dataclass(frozen=True, slots=True)
class Moment:
    """What had happened by `as_of`, as it was known by `known_at`; None is now."""

    as_of: datetime | None = None
    known_at: datetime | None = None


class PastFolding(Exception):  # noqa: N818 (a state of things, not a fault)
    """What is asked for is still being folded, `progress` (a share) of it until now."""

    def __init__(self, progress: float) -> None:
        super().__init__("this past is being folded")
        self.progress = progress


class PastReader:
    """Folds what is asked for, in threads of its own; any number of books and moments.

    At most `most_facts` are folded for one answer, and `facts_per_minute` for one who asks; what is
    kept for the next takes at most `most_bytes`, unless more is being read at this moment.
    """

    def __init__(
        self,
        ledger: Ledger,
        definitions: Definitions,
        *,
        most_facts: int,
        most_bytes: int,
        facts_per_minute: int = FACTS_PER_MINUTE,
        tables: TableReader | None = None,
        folded_at_once: int = _FOLDED_AT_ONCE,
    ) -> None:
        self._ledger = ledger
        self._tables = tables
        self._folded_at_once = min(folded_at_once, most_facts)
        self._most_facts = most_facts
        self._cache = SnapshotCache(
            ledger, definitions, FactBudget(facts_per_minute), most_bytes=most_bytes
        )
        self._definitions = definitions
        self._threads = ThreadPoolExecutor(_THREADS + _FEW_AT_ONCE, thread_name_prefix="past")
        self._queries = Turns(at_once=_THREADS, of_one=_THREADS)
        self._few = Turns(at_once=_FEW_AT_ONCE, of_one=_FEW_OF_ONE)
        self._streams = Turns(at_once=_MOST_STREAMS, of_one=_MOST_STREAMS_OF_ONE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._cache.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    @property
    def progress(self) -> PastProgress:
        return self._cache.progress

    @property
    def folds(self) -> int:
        """How often anything was folded until now."""
        return self._cache.progress.folds

    @property
    def streaming(self) -> int:
        """How many streams are open at this moment."""
        return self._streams.under_way

    @property
    def bytes_kept(self) -> int:
        return self._cache.bytes_kept

    async def ask(
        self,
        book: str,
        moment: Moment,
        query: Callable[[Connection], T],
        *,
        asker: str = "",
        wait_seconds: float | None = None,
    ) -> QueryResult[T]:
        """Run `query` on the views as they stood; what has to be folded is charged to `asker`.

        Of a large book, what can be read off the tables is not folded.

        Who waits no longer than `wait_seconds` may ask again: the fold goes on without them.
        Raises BookTooLarge, TooManyWaiting, BudgetSpent, PastFolding, and whatever `query` raises.
        """
        if self._tables is not None and await self._is_large(book, moment):
            with suppress(NoPast, ViewsRebuilding):
                return await self._off_the_tables(book, moment, query, asker)

        def read(views: Snapshot) -> T:
            with views.reading() as connection:
                return query(connection)

        async with self._opened(book, moment, asker, wait_seconds) as (views, goal):
            async with self._queries.turn(organization_of(book)):
                result = await self._run(partial(read, views))
            return QueryResult(result, views.position, max(0, goal - views.position))

    async def _is_large(self, book: str, moment: Moment) -> bool:
        return await self._run(partial(self._goal, book, moment)) > self._folded_at_once

    async def _off_the_tables(
        self, book: str, moment: Moment, query: Callable[[Connection], T], asker: str
    ) -> QueryResult[T]:
        """Raises NoPast."""
        assert self._tables is not None  # noqa: S101 (asked before)
        self._cache.note_question()
        as_of = moment.as_of
        goal, recorded = await self._run(
            lambda: (
                self._goal(book, moment),
                0 if as_of is None else self._ledger.position_at(book, as_of),
            )
        )
        seen = Seen(
            book,
            None if as_of is None else micros(as_of),
            recorded,
            None if moment.known_at is None else goal,
        )
        return await self._tables.ask(
            seen, goal, query, lambda about, upto: self._folded(book, moment, about, upto, asker)
        )

    async def ask_about(
        self,
        book: str,
        moment: Moment,
        about: QueryResult[FactsAbout],
        query: Callable[[Connection], T],
        *,
        asker: str = "",
    ) -> QueryResult[T]:
        """As `ask`, of a few facts of a book of any size; nothing is kept for the next question.

        Which they are the views said, up to a position: no further goes the answer. Raises
        BookTooLarge where they are too many themselves, and BudgetSpent.
        """
        self._cache.note_question()
        async with self._few.turn(organization_of(book)):
            return await self._run(partial(self._about, book, moment, about, query, asker))

    def _about(
        self,
        book: str,
        moment: Moment,
        about: QueryResult[FactsAbout],
        query: Callable[[Connection], T],
        asker: str,
    ) -> QueryResult[T]:
        goal = self._goal(book, moment)
        upto = min(goal, about.position)
        with self._folded(book, moment, about.result, upto, asker) as connection:
            return QueryResult(query(connection), upto, goal - upto)

    @contextmanager
    def _folded(
        self, book: str, moment: Moment, about: FactsAbout, upto: int, asker: str
    ) -> Iterator[Connection]:
        self._cache.admit(asker)
        facts = facts_about(self._ledger, book, about, upto=upto, most=self._most_facts)
        self._cache.charge(asker, len(facts))
        began = time.monotonic()
        with self._stream_views.folded(book, moment.as_of, facts) as connection:
            self._cache.note_folding(time.monotonic() - began)
            yield connection

    @cached_property
    def _stream_views(self) -> StreamViews:
        return StreamViews(self._definitions)

    @asynccontextmanager
    async def stream(
        self,
        book: str,
        moment: Moment,
        query: Callable[[Connection], Iterator[T]],
        *,
        asker: str = "",
    ) -> AsyncIterator[QueryResult[AsyncIterator[T]]]:
        """As `ask`, for an answer of any length: what `query` yields is read as it is taken."""
        turn, opened = self._streams.turn(organization_of(book)), self._opened(book, moment, asker)
        async with turn, opened as (views, goal):
            transaction = ExitStack()
            try:
                connection = await self._run(partial(transaction.enter_context, views.reading()))
                parts = self._taken(await self._run(partial(query, connection)))
                yield QueryResult(parts, views.position, max(0, goal - views.position))
            finally:
                await self._run(transaction.close)

    async def _taken(self, parts: Iterator[T]) -> AsyncIterator[T]:
        while (part := await self._run(partial(next, parts, _END))) is not _END:
            yield part

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    @asynccontextmanager
    async def _opened(
        self, book: str, moment: Moment, asker: str, wait_seconds: float | None = None
    ) -> AsyncIterator[tuple[Snapshot, int]]:
        """The views of the moment, with the position they were to reach; nobody changes them."""
        key, goal = await self._run(partial(self._place, book, moment))
        kept = self._cache.take(key, goal, asker)
        try:
            yield await _folded(kept, wait_seconds), goal
        finally:
            self._cache.put_back(kept)

    def _place(self, book: str, moment: Moment) -> tuple[Key, int]:
        goal = self._goal(book, moment)
        known = None if moment.known_at is None else goal
        if goal > self._most_facts:
            raise BookTooLarge(self._most_facts)
        return (book, moment.as_of, known), goal

    def _goal(self, book: str, moment: Moment) -> int:
        """How far what is recorded was known."""
        if moment.known_at is None:
            return self._ledger.head(book)
        return self._ledger.position_at(book, moment.known_at)


async def _folded(kept: CacheEntry, wait_seconds: float | None) -> Snapshot:
    """Whoever gives up waiting does not take the fold from the others."""
    folded = asyncio.shield(asyncio.wrap_future(kept.folded))
    try:
        return await asyncio.wait_for(folded, wait_seconds)
    except TimeoutError:
        raise PastFolding(kept.progress) from None


_END = object()
