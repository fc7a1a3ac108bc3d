"""Snapshot cache: the views of the past at hand, and who reads them.

Whoever asks for a moment waits for the one fold of it. What was folded is kept until room is
needed, and goes on from where it is when its book has grown; it is not changed while it is read.
"""

import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from ledger.ledger import Ledger
from projections.engine.folding.definitions import Definitions
from projections.engine.live.progress import PastProgress
from projections.engine.time_travel.budget import FactBudget
from projections.engine.time_travel.snapshot import Snapshot
from projections.engine.turns import Turns, organization_of

# Folding is bound by Python: a second one only keeps one organization from holding up another.
_FOLDS_AT_ONCE = 2
_FOLDS_OF_ONE = 1
_MOST_FOLDS_OF_ONE = 16

# The book, the moment, and the position of what was known then; None goes with the book.
Key = tuple[str, datetime | None, int | None]


@dataclass(eq=False, slots=True)
class CacheEntry:
    """Views that are folded, or will be: up to `goal`, which moves until they are `begun`.

    `readers` are those who read and those who wait to. `before` is what they go on from; who is
    `replaced` so while somebody reads is closed by the last reader.
    """

    key: Key
    goal: int
    before: "CacheEntry | None"
    folded: "Future[Snapshot]" = field(default_factory=Future)
    begun: bool = False
    folding: Snapshot | None = None
    readers: int = 0
    replaced: bool = False
    size: int = 0

    def reaches(self, goal: int) -> bool:
        is_parked = self.folded.done() and self.folded.result().parked
        return self.goal >= goal or is_parked

    @property
    def progress(self) -> float:
        """Which share of it is folded; 0 for as long as it waits for its turn."""
        views = self.folding
        return min(views.position / self.goal, 1.0) if views and self.goal else 0.0

    @property
    def views(self) -> Snapshot:
        return self.folded.result()


class SnapshotCache:
    """Views of any number of books and moments; any thread may take one down.

    All of them take at most `most_bytes`, unless more is being read at this moment.
    """

    def __init__(
        self, ledger: Ledger, definitions: Definitions, budget: FactBudget, *, most_bytes: int
    ) -> None:
        self.progress = PastProgress()
        self._ledger = ledger
        self._definitions = definitions
        self._budget = budget
        self._most_bytes = most_bytes
        self._folders = ThreadPoolExecutor(_FOLDS_AT_ONCE, thread_name_prefix="past-folds")
        self._turns = Turns(
            at_once=_FOLDS_AT_ONCE, of_one=_FOLDS_OF_ONE, most_of_one=_MOST_FOLDS_OF_ONE
        )
        self._lock = threading.Lock()
        # The one used last comes last.
        self._entries: OrderedDict[Key, CacheEntry] = OrderedDict()

    def close(self) -> None:
        self._turns.close()
        self._folders.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            for entry in self._entries.values():
                if not entry.folded.cancel():
                    entry.views.close()
            self._entries.clear()

    @property
    def bytes_kept(self) -> int:
        with self._lock:
            return sum(entry.size for entry in self._entries.values())

    def admit(self, asker: str) -> None:
        """Raises BudgetSpent before anything is read for one who has had enough folded."""
        with self._lock:
            self._budget.admit(asker)

    def charge(self, asker: str, facts: int) -> None:
        """For facts that are folded for one question alone."""
        with self._lock:
            self._budget.charge(asker, facts)
            self.progress.folds += 1
            self.progress.facts += facts

    def note_question(self) -> None:
        with self._lock:
            self.progress.questions += 1

    def note_folding(self, seconds: float) -> None:
        with self._lock:
            self.progress.folding_seconds += seconds

    def take(self, key: Key, goal: int, asker: str) -> CacheEntry:
        """Views that are folded, or will be, up to `goal`; then `put_back`.

        What is to be folded is charged to `asker`. Raises TooManyWaiting and BudgetSpent.
        """
        with self._lock:
            self.progress.questions += 1
            entry = self._entries.get(key)
            if entry is None or (entry.begun and not entry.reaches(goal)):
                entry = self._begin(key, goal, entry, asker)
            else:
                self.progress.hits += 1
            entry.goal = entry.goal if entry.begun else max(entry.goal, goal)
            entry.readers += 1
            self._entries.move_to_end(key)
            return entry

    def _begin(self, key: Key, goal: int, before: CacheEntry | None, asker: str) -> CacheEntry:
        self._budget.admit(asker)
        entry = CacheEntry(key, goal, before)
        self._turns.ask(
            organization_of(key[0]), partial(self._folders.submit, self._in_turn, entry)
        )
        self._budget.charge(asker, goal - (before.goal if before else 0))
        self._entries[key] = entry
        return entry

    def _in_turn(self, entry: CacheEntry) -> None:
        try:
            self._fold(entry)
        finally:
            self._turns.give_back(organization_of(entry.key[0]))

    def _fold(self, entry: CacheEntry) -> None:
        with self._lock:
            self.progress.folds += 1
            entry.begun, goal, before, entry.before = True, entry.goal, entry.before, None
        try:
            views = self._to_go_on_from(entry.key, before)
            entry.folding = views
            try:
                self._fold_on(views, goal)
                entry.size = views.size()
            except BaseException:
                views.close()
                raise
        except BaseException as error:  # noqa: BLE001 (whoever waits for it is told)
            with self._lock:
                if self._entries.get(entry.key) is entry:
                    del self._entries[entry.key]
            entry.folded.set_exception(error)
            return
        self._make_room()
        entry.folded.set_result(views)

    def _fold_on(self, views: Snapshot, goal: int) -> None:
        began, position = time.monotonic(), views.position
        try:
            views.fold(self._ledger, goal)
        finally:
            with self._lock:
                self.progress.facts += views.position - position
                self.progress.folding_seconds += time.monotonic() - began

    def _to_go_on_from(self, key: Key, before: CacheEntry | None) -> Snapshot:
        book, as_of, _ = key
        if before is None or before.folded.exception() is not None:
            return Snapshot(self._definitions, book, as_of)
        with self._lock:
            if not before.readers:
                return before.views
            before.replaced = True
            before.readers += 1
        try:
            return before.views.copy()
        finally:
            self.put_back(before)

    def put_back(self, entry: CacheEntry) -> None:
        with self._lock:
            entry.readers -= 1
            if entry.replaced and not entry.readers:
                entry.views.close()

    def _make_room(self) -> None:
        """Close what was not used for longest, until the rest fits; not what is being read."""
        with self._lock:
            taken = sum(entry.size for entry in self._entries.values())
            for key, entry in list(self._entries.items()):
                if taken <= self._most_bytes:
                    return
                if entry.folded.done() and not entry.readers:
                    del self._entries[key]
                    entry.views.close()
                    taken -= entry.size
