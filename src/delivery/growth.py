"""Growth: when there is more in a book, for those who wait for it on an event loop."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

from sqlalchemy.exc import DBAPIError

from ledger.errors import LedgerUnavailable
from ledger.ledger import Ledger
from projections.engine.live.polling import AdaptivePoll


class Growth:
    """Wakes whoever watches a book: at once for what this process writes, else soon after.

    All who watch do so on one event loop.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._watched: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking: asyncio.Task[None] | None = None
        ledger.on_commit(self._committed)

    @contextmanager
    def watching(self, book: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the book has grown; whoever looks clears it before."""
        grown = asyncio.Event()
        self._watched[book].add(grown)
        if self._looking is None:
            self._loop = asyncio.get_running_loop()
            self._looking = asyncio.create_task(self._look_now_and_then())
        try:
            yield grown
        finally:
            self._watched[book].discard(grown)
            if not self._watched[book]:
                del self._watched[book]
            if not self._watched and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    def _committed(self, heads: Mapping[str, int]) -> None:
        """Called by the thread that writes, which must not wait."""
        loop = self._loop
        if loop is not None and not self._watched.keys().isdisjoint(heads):
            # The loop may have ended meanwhile, and with it whoever watched.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._wake, heads)

    def _wake(self, books: Iterable[str]) -> None:
        for book in books:
            for grown in self._watched.get(book, ()):
                grown.set()

    async def _look_now_and_then(self) -> None:
        """Other processes do not tell us what they have written."""
        poll, seen = AdaptivePoll(), dict[str, int]()
        while True:
            began, heads = time.monotonic(), seen
            with suppress(DBAPIError, LedgerUnavailable):
                heads = await asyncio.to_thread(self._ledger.heads, list(self._watched))
            # Of a book that is new here nobody knows how it stood when it was last looked at.
            grown = [book for book, head in heads.items() if head > seen.get(book, -1)]
            self._wake(grown)
            seen = heads
            poll.looked(0, found=bool(grown), took=time.monotonic() - began)
            await asyncio.sleep(poll.seconds_left)
