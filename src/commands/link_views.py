"""Views of payment links: looks at their pages, summed up to one fact per link and minute.

The first look is recorded as it happens, those of the minute after it when that is over: until
then they are in the memory of this process, and a crash loses them. Each process sums up what it
was asked.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from commands.handling.handler import Context
from domain.payment_link import viewed
from ledger.append import Append, Outcome
from ledger.clock import Clock
from ledger.errors import LedgerUnavailable
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from ledger.supervised_threads import repeated

_MINUTE: Final = timedelta(minutes=1)
_MOST_LINKS: Final = 10_000
_EVERY_SECONDS: Final = 5.0

# A book, and the id of a link in it.
_Place = tuple[str, str]


@dataclass
class _Looks:
    """At one link: how many no fact tells of yet, the last of them, and when one last did."""

    recorded_at: datetime
    last_at: datetime
    count: int = 0

    def are_due(self, now: datetime) -> bool:
        """Also when the clock was set back: what waits would wait for too long."""
        return not self.recorded_at <= now < self.recorded_at + _MINUTE


class LinkViews:
    """Sums up the looks at the links of all books; several threads may use it.

    ``most_links``: how many are remembered. Looks at more than these are recorded one by one.
    """

    def __init__(self, ledger: Ledger, *, clock: Clock, most_links: int = _MOST_LINKS) -> None:
        self._ledger = ledger
        self._clock = clock
        self._mapper = FactMapper()
        self._most_links = most_links
        self._lock = threading.Lock()
        self._looks: dict[_Place, _Looks] = {}

    async def count(self, book: str, link_id: str) -> None:
        """Somebody looks at a link. What cannot be recorded now is tried again with the others."""
        place, now = (book, link_id), self._clock()
        with self._lock:
            looks = self._looks.get(place)
            is_first = looks is None
            if looks is None:
                looks = _Looks(now, now)
                if len(self._looks) < self._most_links:
                    self._looks[place] = looks
            looks.count, looks.last_at = looks.count + 1, now
            taken = self._take(place, looks, now) if is_first or looks.are_due(now) else None
        if taken is not None:
            try:
                await self._ledger.append_async(taken[0])
            except LedgerUnavailable:
                self._give_back(place, *taken[1:])

    def record_due(self) -> None:
        """Records what a minute has gone by for, and forgets the links nobody looks at."""
        self._record(_Looks.are_due)

    def record_all(self) -> None:
        """Records all there is, for nobody will do it later."""
        self._record(lambda _looks, _now: True)

    def _record(self, is_meant: Callable[[_Looks, datetime], bool]) -> None:
        now = self._clock()
        taken: list[tuple[_Place, Append, int, datetime]] = []
        with self._lock:
            meant = [each for each in self._looks.items() if is_meant(each[1], now)]
            for place, looks in meant:
                if looks.count:
                    taken.append((place, *self._take(place, looks, now)))
                else:
                    del self._looks[place]
        for place, count, last_at in self._failed(taken):
            self._give_back(place, count, last_at)

    def _failed(
        self, taken: list[tuple[_Place, Append, int, datetime]]
    ) -> Iterator[tuple[_Place, int, datetime]]:
        """Appends all together; those that the ledger does not take now."""
        waiting: list[tuple[Future[Outcome], _Place, int, datetime]] = []
        for place, append, count, last_at in taken:
            try:
                waiting.append((self._ledger.submit(append), place, count, last_at))
            except LedgerUnavailable:
                yield place, count, last_at
        for outcome, place, count, last_at in waiting:
            try:
                outcome.result()
            except LedgerUnavailable:
                yield place, count, last_at

    def _take(self, place: _Place, looks: _Looks, now: datetime) -> tuple[Append, int, datetime]:
        """What is to be recorded of a link's looks, which begin anew."""
        book, link_id = place
        count, last_at = looks.count, looks.last_at
        looks.count, looks.recorded_at = 0, now
        fact = self._mapper.encode(viewed(link_id, count, last_at))
        return Append(book, facts=(fact,), context=Context().text()), count, last_at

    def _give_back(self, place: _Place, count: int, last_at: datetime) -> None:
        with self._lock:
            looks = self._looks.setdefault(place, _Looks(last_at, last_at))
            looks.count += count


@contextmanager
def summing_up(
    ledger: Ledger, *, clock: Clock, every_seconds: float = _EVERY_SECONDS
) -> Iterator[LinkViews]:
    """Records what is due every so often, and what is left at the end."""
    views = LinkViews(ledger, clock=clock)
    sweep = repeated(
        lambda _closing: views.record_due(), name="link-views", every_seconds=every_seconds
    )
    try:
        with sweep:
            yield views
    finally:
        views.record_all()
