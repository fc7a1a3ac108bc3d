"""Turns: of what is heavy only so much is done at once, one organization after another."""

import asyncio
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial

Begin = Callable[[], object]


class TooManyWaiting(Exception):  # noqa: N818 (a state of things, not a fault)
    """So many of one organization are under way or wait already."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} of this organization's are under way or wait already")


class Turns:
    """`at_once` are under way at most, `of_one` organization; others wait, `most_of_one` in all.

    Whose turn is next goes round: whoever has many that wait is before nobody who has one. Any
    thread may ask and give back.
    """

    def __init__(self, *, at_once: int, of_one: int, most_of_one: int | None = None) -> None:
        self._at_once = at_once
        self._of_one = of_one
        self._most_of_one = most_of_one
        self._lock = threading.Lock()
        self._under_way: Counter[str] = Counter()
        # Whoever had a turn last comes last.
        self._waiting: OrderedDict[str, deque[Begin]] = OrderedDict()

    @property
    def under_way(self) -> int:
        with self._lock:
            return self._under_way.total()

    @asynccontextmanager
    async def turn(self, whose: str) -> AsyncIterator[None]:
        """Waits for a turn, which lasts as long as the context. Raises TooManyWaiting."""
        come: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        begin = partial(_has_come, come)
        self.ask(whose, begin)
        try:
            await come
            yield
        finally:
            if not self._withdrawn(whose, begin):
                self.give_back(whose)

    def ask(self, whose: str, begin: Begin) -> None:
        """Calls `begin` when the turn has come, at once or later; then it is to be given back.

        Raises TooManyWaiting.
        """
        with self._lock:
            most, count = self._most_of_one, len(self._waiting.get(whose, ()))
            if most is not None and count + self._under_way[whose] >= most:
                raise TooManyWaiting(most)
            self._waiting.setdefault(whose, deque()).append(begin)
        self._go_on()

    def give_back(self, whose: str) -> None:
        with self._lock:
            self._under_way[whose] -= 1
            if not self._under_way[whose]:
                del self._under_way[whose]
            if whose in self._waiting:
                self._waiting.move_to_end(whose)
        self._go_on()

    def close(self) -> None:
        """Nobody's turn comes any more."""
        with self._lock:
            self._waiting.clear()

    def _withdrawn(self, whose: str, begin: Begin) -> bool:
        """Whether one waits no longer; False when its turn had come."""
        with self._lock:
            if begin not in self._waiting.get(whose, ()):
                return False
            self._forget(whose, begin)
            return True

    def _go_on(self) -> None:
        with self._lock:
            due = list(self._let_in())
        for begin in due:
            begin()

    def _let_in(self) -> Iterator[Begin]:
        while self._under_way.total() < self._at_once:
            whose = next((each for each in self._waiting if self._may(each)), None)
            if whose is None:
                return
            begin = self._waiting[whose][0]
            self._under_way[whose] += 1
            self._waiting.move_to_end(whose)
            self._forget(whose, begin)
            yield begin

    def _may(self, whose: str) -> bool:
        return self._under_way[whose] < self._of_one

    def _forget(self, whose: str, begin: Begin) -> None:
        self._waiting[whose].remove(begin)
        if not self._waiting[whose]:
            del self._waiting[whose]


def organization_of(book: str) -> str:
    """Whose a book is: both modes of an organization are one who asks."""
    return book.partition("/")[0]


def _has_come(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
