"""Books that are set aside: what keeps one of them from being written is no matter of the others.

A row somebody has locked, a machine of a cluster that is away, a page of an index that is broken:
the book it concerns is written by a thread of its own meanwhile, and so is what comes for it, until
all of that is answered.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from ledger.errors import LedgerBusy, LedgerUnavailable
from ledger.waiting import Waiting

_MOST_BOOKS = 8
_MOST_WAITING = 16_384
_APPENDS_PER_BATCH = 512


class SetAside:
    """``write`` answers a batch, and says when the store was away for its book.

    ``refuse`` answers those who would wait as long again.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Waiting]], LedgerUnavailable | None],
        refuse: Callable[[Sequence[Waiting], LedgerUnavailable], None],
    ) -> None:
        self._write = write
        self._refuse = refuse
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Waiting]] = {}
        self._threads: dict[str, threading.Thread] = {}

    def takes(self, waiting: Waiting) -> bool:
        """Whether its book is set aside: then it is answered here."""
        if not self._waiting:
            return False
        with self._lock:
            queue = self._waiting.get(waiting.append.book)
            if queue is None:
                return False
            if len(queue) < _MOST_WAITING:
                queue.append(waiting)
                return True
        self._refuse([waiting], LedgerBusy("too many others are waiting for the same book"))
        return True

    def set_aside(self, book: str, batch: Sequence[Waiting]) -> bool:
        """False when so many books are that it must be the store."""
        with self._lock:
            if len(self._waiting) >= _MOST_BOOKS:
                return False
            self._waiting[book] = deque(batch)
            thread = threading.Thread(
                target=self._run, args=(book,), name="ledger-set-aside", daemon=True
            )
            self._threads[book] = thread
        thread.start()
        return True

    def close(self) -> None:
        """Waits until all are answered."""
        for thread in list(self._threads.values()):
            thread.join()

    def _run(self, book: str) -> None:
        while batch := self._next_batch(book, _APPENDS_PER_BATCH):
            away = self._write(batch)
            if away is not None:
                self._refuse(self._next_batch(book, _MOST_WAITING, ends=False), away)

    def _next_batch(self, book: str, most: int, *, ends: bool = True) -> list[Waiting]:
        with self._lock:
            queue = self._waiting[book]
            batch = [queue.popleft() for _ in range(min(most, len(queue)))]
            if ends and not batch:
                del self._waiting[book], self._threads[book]
        return batch
