"""Keeps the serving views up to date: reads new facts, folds them, writes the rows.

Woken inside the process by the ledger after each commit, by the hints of other processes, and in
any case by looking every 20 to 250 ms.
Under load it rests a moment between two batches, so that each folds more facts; a question that
waits for it ends the rest.
Any number of projectors may work on one generation: each folds the books of its lanes, and a
checkpoint moves by compare-and-set.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from ledger.facts import FactMapper, StoredFact
from ledger.ledger import Ledger
from projections.engine.folding.checkpoints import Checkpoint, standing
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.fold import Folded, Folding, nothing_of, reason
from projections.engine.generations.generation import Generation
from projections.engine.generations.serving import ViewsRebuilding
from projections.engine.generations.write_batch import is_row_fault, write_batch
from projections.engine.live.lanes import EveryLane, Held, Lanes, lane_of
from projections.engine.live.polling import AdaptivePoll, PendingFlag
from projections.engine.live.progress import Progress

T = TypeVar("T")
Moved = Mapping[str, Checkpoint]

_FAILURE_PAUSE_SECONDS = 0.25
# Whoever waits may wait for a book of another process: that is no reason to look all the time.
_DOUBT_EVERY_SECONDS = 1.0
_REST_SECONDS = 0.03
_FACTS_PER_BATCH = 5_000
_BOOKS_PER_BATCH = 256


class Projector:
    """Folds what the ledger has in these lanes into the generation that `serving` names.

    `serving` is asked before each batch, so a switch is followed; while it raises ViewsRebuilding
    there is nothing to do. A parked book is tried again by whoever starts, or takes its lane.
    """

    def __init__(
        self,
        ledger: Ledger,
        serving: Callable[[], Generation],
        mapper: FactMapper,
        definitions: Definitions,
        *,
        lanes: Lanes | None = None,
        rest_seconds: float = _REST_SECONDS,
    ) -> None:
        self._lanes = lanes or EveryLane()
        self.progress = Progress(lanes=len(self._lanes.held))
        self._held: Held = {}
        self._rest_seconds = rest_seconds
        self._ledger = ledger
        self._serving = serving
        self._definitions = definitions
        self._folding = Folding(mapper, definitions.folds)
        self._generation: Generation | None = None
        self._listeners: list[Callable[[Moved], None]] = []
        self._last_book = ""
        self._looking = PendingFlag(wanted=True)
        self._lookout = AdaptivePoll()
        self._doubting = PendingFlag()
        self._doubted_at = 0.0
        self._woken = threading.Event()
        self._hurried = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def on_progress(self, listener: Callable[[Moved], None]) -> None:
        """Call `listener` in the projector's thread after each batch, with what moved."""
        self._listeners.append(listener)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the batch at hand and stop."""
        self._closing.set()
        self._woken.set()
        self._hurried.set()
        if self._thread is not None:
            self._thread.join()

    def wake(self, heads: Mapping[str, int] | None = None) -> None:
        """There are new facts: up to `heads`, or look for yourself. Any thread may call it."""
        if heads is None:
            self._looking.want()
        elif not self.progress.learn(self._own(heads)):
            return
        self._woken.set()

    def hurry(self) -> None:
        """Somebody waits for the views: do not rest. Any thread may call it."""
        self._hurried.set()

    def doubt(self) -> None:
        """A crash may have taken back what is thought to be written. Any thread may say so."""
        self._looking.want()
        self._doubting.want()
        self._woken.set()

    def project_once(self) -> int:
        """Fold one batch; the number of facts in it, 0 when there was nothing to do.

        Raises ViewsRebuilding without a generation to fold into.
        """
        held = self._lanes.held
        self.progress.lanes = len(held)
        generation = self._serving()
        known = self._generation is not None and self._generation.number == generation.number
        if not known or held is not self._held:
            self._turn_to(generation, held)
        with self._looking.doing() as wanted:
            if wanted:
                self._look(generation)
        with self._doubting.doing() as wanted:
            if wanted:
                with generation.reading() as connection:
                    self.progress.checkpoints = self._own(standing(connection))
        waiting = self._waiting()
        if not waiting:
            return 0
        began = time.perf_counter()
        facts = self._ledger.read_many(waiting, _FACTS_PER_BATCH)
        by_book = {book: list(own) for book, own in groupby(facts, attrgetter("book"))}
        batch = [self._folding.fold(book, waiting[book], own) for book, own in by_book.items()]
        self._last_book = facts[-1].book if facts else ""
        self._settle(generation, held, batch, by_book)
        self.progress.facts += len(facts)
        self.progress.batches += 1
        self.progress.folding_seconds += time.perf_counter() - began
        return len(facts)

    def _turn_to(self, generation: Generation, held: Held) -> None:
        with generation.reading() as connection:
            found = standing(connection)
        self._generation, self._held = generation, held
        # A parked book gets another chance: this code may know what the last did not.
        self.progress.checkpoints = {b: Checkpoint(c.position) for b, c in self._own(found).items()}
        self._looking.want()

    def _own(self, by_book: Mapping[str, T]) -> dict[str, T]:
        return {book: value for book, value in by_book.items() if lane_of(book) in self._held}

    def _look(self, generation: Generation) -> None:
        # What it costs this process; a database that lets one wait must not keep it from looking.
        began = time.thread_time()
        found = self.progress.look(lambda: self._own(self._ledger.heads()))
        self._lookout.looked(time.thread_time() - began, found=found)
        # Another process may have got further with a parked book: then it is not parked any more.
        parked = self.progress.parked
        if parked:
            with generation.reading() as connection:
                self.progress.checkpoints.update(standing(connection, parked))

    def _waiting(self) -> dict[str, int]:
        progress = self.progress
        behind = progress.behind
        # Whoever came last in the batch before comes last: a long book must not starve others.
        turn = [b for b in behind if b > self._last_book] + [
            b for b in behind if b <= self._last_book
        ]
        return {book: progress.position(book) for book in turn[:_BOOKS_PER_BATCH]}

    def _settle(
        self,
        generation: Generation,
        held: Held,
        batch: list[Folded],
        facts: Mapping[str, list[StoredFact]],
    ) -> None:
        """Write a batch; a row the database refuses is traced to its fact, which parks its book."""
        try:
            confirm = partial(self._lanes.confirm, held)
            written = write_batch(generation, self._definitions, batch, confirm=confirm)
        except Exception as error:
            if not is_row_fault(error):
                raise
            for each in batch:
                part = each if len(batch) > 1 else self._smaller(each, facts[each.book], error)
                self._settle(generation, held, [part], facts)
            return
        moved = {each.book: each.checkpoint for each in batch if each.book in written}
        lost = [each.book for each in batch if each.book not in written]
        if lost:
            with generation.reading() as connection:
                found = standing(connection, lost)
            moved.update({book: found.get(book, Checkpoint()) for book in lost})
        self._tell(moved)

    def _smaller(self, folded: Folded, facts: Sequence[StoredFact], error: Exception) -> Folded:
        size = folded.position - folded.after
        if size <= 1:
            return nothing_of(folded.book, folded.after, reason(error))
        return self._folding.fold(folded.book, folded.after, facts[: size // 2])

    def _tell(self, moved: Moved) -> None:
        self.progress.checkpoints.update(moved)
        for listener in self._listeners:
            listener(moved)

    def _doubt(self) -> None:
        """Somebody waits for what we think is written: a crash may have taken it back."""
        now = time.monotonic()
        if self._hurried.is_set() and now > self._doubted_at + _DOUBT_EVERY_SECONDS:
            # In this order: whoever comes in between is in time for this doubt.
            self._hurried.clear()
            self._doubted_at = now
            self._looking.want()
            self._doubting.want()

    def _run(self) -> None:
        while not self._closing.is_set():
            if not self._lookout.seconds_left:
                self._looking.want()
            folded, pause = 0, None
            try:
                folded = self.project_once()
                self.progress.failure = None
            except ViewsRebuilding:
                pause = _FAILURE_PAUSE_SECONDS
            except Exception as error:  # noqa: BLE001 (shown in the health page, and tried again)
                self.progress.failure = reason(error)
                pause = _FAILURE_PAUSE_SECONDS
            if folded:
                if folded < _FACTS_PER_BATCH and self._hurried.wait(self._rest_seconds):
                    self._hurried.clear()
            else:
                self._doubt()
                self._woken.wait(self._lookout.seconds_left if pause is None else pause)
                self._woken.clear()
