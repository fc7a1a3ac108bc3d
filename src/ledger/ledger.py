"""The ledger: append, read and verify facts, by book."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Self

from sqlalchemy import Connection, Engine, select

from ledger import claims, picked_facts, reading
from ledger.append import Append, Outcome, Replied, StoredFact
from ledger.chain import BrokenChain, Chain
from ledger.clock import Clock
from ledger.database import asking
from ledger.deletion import delete_book, deleted_books
from ledger.expired_replies import forget_expired_replies
from ledger.full_disk import probe
from ledger.opened_files import files_must_be_there
from ledger.outcomes import misnumbered
from ledger.reading import StoreIdentity
from ledger.schema import books
from ledger.verifying import verify
from ledger.waiting import Waiting
from ledger.writer import Answered, Committed, Writer

__all__ = ["Ledger", "StoreIdentity"]

_BULK = 2048


class Ledger:
    """The facts of all books. One per process; any number of processes share a store.

    Appends are durable when they are answered. Reads are short and block: whoever runs an event
    loop asks from a thread. Use as a context manager, or `start` and `close`.
    """

    def __init__(self, engine: Engine, *, clock: Clock, retry_seconds: float = 10) -> None:
        self.engine = engine
        self._asked = asking(engine)
        self._clock = clock
        self._writer = Writer(engine, clock, retry_seconds=retry_seconds)

    def start(self) -> None:
        self._writer.start()

    def close(self) -> None:
        """Writes and answers what is waiting, then stops. The engine stays open."""
        self._writer.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, append: Append) -> Outcome:
        """Writes, and waits for the outcome.

        Raises LedgerUnavailable when the store cannot be reached in time, ValueError for facts
        that do not carry the versions that follow the expected one.
        """
        return self.submit(append).result()

    def submit(self, append: Append) -> Future[Outcome]:
        """`append` without waiting: the outcome is to come."""
        _check(append)
        future: Future[Outcome] = Future()
        self._writer.submit([Waiting(append, future, None)])
        return future

    async def append_async(self, append: Append) -> Outcome:
        """`append` for an event loop, which is woken once for all that was committed together.

        A task that is cancelled stops waiting; what it asked for is written all the same.
        """
        _check(append)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        self._writer.submit([Waiting(append, future, loop)])
        return await future

    def append_many(self, appends: Iterable[Append]) -> list[Outcome]:
        """`append` for many at once, in order, as few commits as possible."""
        outcomes: list[Outcome] = []
        waiting: list[Future[Outcome]] = []
        for append in appends:
            waiting.append(self.submit(append))
            if len(waiting) == _BULK:
                outcomes += [future.result() for future in waiting]
                waiting.clear()
        outcomes += [future.result() for future in waiting]
        return outcomes

    def must_take_more(self) -> None:
        """Raises StoreReplaced or StoreFull when that is why nothing can be recorded now.

        A store that was full is tried again, with something that is no fact.
        """
        with self.engine.connect() as connection:
            files_must_be_there(connection)
            book = connection.scalar(select(books.c.book).where(books.c.position >= 0).limit(1))
        if self._writer.is_full and book is not None:
            self.append(probe(book, self._clock()))

    def on_commit(self, callback: Committed) -> None:
        """Calls back with the new heads (book to position), after the callers were answered.

        In the writer's thread, so it must be short. Its errors are logged.
        """
        self._writer.on_commit(callback)

    def on_answer(self, callback: Answered) -> None:
        """Calls back with the results of each batch and the seconds it took: for measurements.

        Like `on_commit`, also when nothing was committed.
        """
        self._writer.on_answer(callback)

    def read(
        self,
        book: str,
        *,
        after: int = 0,
        upto: int | None = None,
        limit: int,
        connection: Connection | None = None,
    ) -> list[StoredFact]:
        """Facts of a book in order, those after one position, up to and with another.

        On a ``connection`` of one's own to this database, so that nobody holds one and waits for
        a second.
        """
        return reading.read(
            self._asked, book, after=after, upto=upto, limit=limit, connection=connection
        )

    def read_many(
        self, after: Mapping[str, int], each: int, connection: Connection | None = None
    ) -> list[StoredFact]:
        """Facts of several books, ``each`` at most of one, those after its position, in order."""
        return reading.read_many(self._asked, after, each, connection)

    def read_stream(self, book: str, stream: str, *, after: int = 0) -> list[StoredFact]:
        """Facts of one stream in order, those after a version."""
        return reading.read_stream(self._asked, book, stream, after=after)

    def read_streams(
        self,
        book: str,
        streams: Sequence[str],
        *,
        topics: Sequence[str],
        after: int = 0,
        upto: int,
        limit: int,
    ) -> list[StoredFact]:
        """Facts of these topics, stream by stream in the order given, at positions up to `upto`.

        Of the first stream those after a version, so that a page may begin within it.
        """
        return reading.read_streams(
            self._asked, book, streams, topics=topics, after=after, upto=upto, limit=limit
        )

    def last_of(
        self, book: str, stream: str, *, topics: Sequence[str], upto: int
    ) -> StoredFact | None:
        """The last fact of a stream of these topics, at a position up to `upto`."""
        return reading.last_of(self._asked, book, stream, topics=topics, upto=upto)

    def read_parts(self, book: str, parts: Mapping[str, tuple[int, int]]) -> list[StoredFact]:
        """Facts of many streams in the order of the book.

        Of each stream those after one version, up to and with another.
        """
        return picked_facts.read_parts(self._asked, book, parts)

    def read_topics(
        self, book: str, topics: Collection[str], *, after: int, upto: int, limit: int
    ) -> list[StoredFact]:
        """Facts of these topics in the order of the book, after a position, up to another."""
        return picked_facts.read_topics(
            self._asked, book, topics, after=after, upto=upto, limit=limit
        )

    def read_last_of_topics(
        self, book: str, topics: Collection[str], *, after: int, upto: int, limit: int
    ) -> list[StoredFact]:
        """The last so many of them, in the order of the book as well."""
        return picked_facts.read_last_of_topics(
            self._asked, book, topics, after=after, upto=upto, limit=limit
        )

    def read_at(self, book: str, positions: Collection[int]) -> list[StoredFact]:
        """The facts at these positions, in their order."""
        return picked_facts.read_at(self._asked, book, positions)

    def position_at(self, book: str, moment: datetime) -> int:
        """The position of the last fact recorded by a moment; 0 when there is none."""
        return reading.position_at(self._asked, book, moment)

    def head(self, book: str) -> int:
        """The last position of a book; 0 for one never written."""
        return reading.head(self._asked, book)

    def heads(self, among: Collection[str] | None = None) -> dict[str, int]:
        """The last position of every book, or of those of some that are there."""
        return reading.heads(self._asked, among)

    def first_books(self, prefix: str, limit: int) -> list[str]:
        """The first books that are called so, in the order of their names."""
        return reading.first_books(self._asked, prefix, limit)

    def count_streams(self, book: str, prefix: str) -> int:
        """How many streams of a book begin so."""
        return reading.count_streams(self._asked, book, prefix)

    def streams(self, book: str, prefix: str) -> list[str]:
        """The streams of a book that begin so, in the order of their names: of a kind of few."""
        return reading.streams(self._asked, book, prefix)

    def delete(self, book: str, *, unless: Sequence[str] = ()) -> bool:
        """Deletes a book for ever, durably; False when there is none.

        Raises BookInUse when one of its streams begins with one of these. Any process may do it
        while others write: they are told that it is deleted.
        """
        return delete_book(self.engine, book, self._clock(), unless=unless)

    def deleted(
        self, among: Collection[str] | None = None, connection: Connection | None = None
    ) -> set[str]:
        """The books that were deleted: all, or those of some; on a connection as `read` does."""
        return deleted_books(self._asked, among, connection)

    def owner(self, book: str, kind: str, value: str) -> str | None:
        """The stream that holds a value."""
        return claims.owner(self._asked, book, kind, value)

    def owners(self, book: str, kind: str, prefix: str) -> list[tuple[str, str]]:
        """Values that begin so, each with the stream that holds it, in the order of the values."""
        return claims.owners(self._asked, book, kind, prefix)

    def owners_between(
        self, book: str, kind: str, *, after: str, before: str, limit: int
    ) -> list[tuple[str, str]]:
        """The first values between two others, each with the stream that holds it, in order."""
        return claims.owners_between(
            self._asked, book, kind, after=after, before=before, limit=limit
        )

    def books_holding(self, kind: str, *, before: str | None = None) -> list[str]:
        """The books in which anybody holds a value of a kind, before another if that is named."""
        return claims.books_holding(self._asked, kind, before=before)

    def reply(self, book: str, key: str) -> Replied | None:
        """What was answered under an idempotency key; None when nothing, or when it expired."""
        return reading.reply(self._asked, book, key, now=self._clock())

    def forget_expired_replies(self, book: str, *, after: str = "") -> str | None:
        """Removes replies whose time is over, a page of keys at a time; they are not given anyway.

        The key after which to go on, None when the book is done.
        """
        return forget_expired_replies(self.engine, book, self._clock(), after=after)

    def identity(self) -> StoreIdentity:
        """Which store this is."""
        return reading.identity(self._asked)

    def verify(self, book: str) -> Chain | BrokenChain:
        """Recomputes the chain of a book, in bounded memory."""
        return verify(self._asked, book)


def _check(append: Append) -> None:
    stream = misnumbered(append)
    if stream is not None:
        raise ValueError(f"the facts of {stream} do not follow its expected version")
