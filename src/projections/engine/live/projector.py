"""Projector: keeps the serving views up to date with the ledger, in a thread of its own.

Notified of the books that were just written by this process, or that a question waits for, and in
any case by looking every 20 to 250 ms which books are behind. Under load it rests a moment between
two batches, so that each folds more facts; a question that waits ends the rest.

Any number of projectors may work on one generation, in any number of processes that need not know
of each other: each locks the checkpoints of the books at hand and passes over those that another
has locked. Nothing is remembered of where a book is, so nothing has to be doubted after a crash.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping

import structlog

from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.engine.folding.checkpoints import Checkpoint
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.fold import Folding, reason
from projections.engine.generations.fold_and_write import FACTS_PER_BATCH, fold_and_write
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.generations.lost_views import says_lost
from projections.engine.live.lag import projection_lag
from projections.engine.live.polling import AdaptivePoll
from projections.engine.live.progress import Progress

Moved = Mapping[str, Checkpoint]

_FAILURE_PAUSE_SECONDS = 0.25
_REST_SECONDS = 0.03
_BOOKS_PER_BATCH = 256
# A book that another projector holds is tried again soon, and less and less often.
_SHORTEST_CONTENDED_SECONDS = 0.005
_LONGEST_CONTENDED_SECONDS = 0.1

_log = structlog.get_logger("whence")


class Projector:
    """Folds what the ledger has into the generation that `serving` names.

    `serving` is asked before each batch, so a switch is followed; while it raises ViewsRebuilding
    there is nothing to do. A parked book is tried once by each projector, since another release
    may have parked it that knew less. `lost` is called with a generation whose tables are not there
    any more, and the error.
    """

    def __init__(
        self,
        ledger: Ledger,
        serving: Callable[[], Generation],
        mapper: FactMapper,
        definitions: Definitions,
        *,
        rest_seconds: float = _REST_SECONDS,
        poll: AdaptivePoll | None = None,
        lost: Callable[[Generation, Exception], None] = lambda _generation, _error: None,
    ) -> None:
        self.progress = Progress()
        self._ledger = ledger
        self._serving = serving
        self._definitions = definitions
        self._folding = Folding(mapper, definitions.folds)
        self._rest_seconds = rest_seconds
        self._lost = lost
        self._number: int | None = None
        self._listeners: list[Callable[[Moved], None]] = []
        self._lock = threading.Lock()
        self._queue: set[str] = set()
        self._contended: frozenset[str] = frozenset()
        self._contended_seconds = _SHORTEST_CONTENDED_SECONDS
        # Where this projector found that a book could not be folded further.
        self._tried: dict[str, int | None] = {}
        self._last_book = ""
        self._poll = poll or AdaptivePoll()
        self._notified = threading.Event()
        self._rest_skipped = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def on_progress(self, listener: Callable[[Moved], None]) -> None:
        """Call `listener` in the projector's thread after each batch, with where its books are."""
        self._listeners.append(listener)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Finish the batch at hand and stop."""
        self._closing.set()
        self._notified.set()
        self._rest_skipped.set()
        if self._thread is not None:
            self._thread.join()

    def notify(self, books: Iterable[str] | None = None) -> None:
        """These books have new facts, or look for yourself. Any thread may call it."""
        if books is None:
            self._poll.make_due()
        else:
            self._enqueue(books)
        self._notified.set()

    def prioritize(self, book: str) -> None:
        """Somebody waits for the views of this book: do not rest. Any thread may call it."""
        self._enqueue([book])
        self._rest_skipped.set()
        self._notified.set()

    @property
    def has_work(self) -> bool:
        """Whether there are books left that it knows to be behind, though another may hold them."""
        return bool(self._queue or self._contended)

    def project_once(self) -> int:
        """Fold one batch; the number of facts in it, 0 when there was nothing to do.

        Raises ViewsRebuilding without a generation to fold into.
        """
        self._enqueue(self._contended)
        self._contended = frozenset()
        generation = self._serving()
        if generation.number != self._number:
            self._number = generation.number
            self._tried.clear()
            self._poll.make_due()
        if not self._poll.seconds_left:
            self._look(generation)
        books = self._take()
        if not books:
            return 0
        began = time.perf_counter()
        try:
            step = fold_and_write(
                generation,
                self._definitions,
                self._folding,
                self._ledger.read_many,
                books,
                skip=self._has_been_tried,
                deleted=self._ledger.deleted,
            )
        except BaseException as error:
            self._enqueue(books)
            if isinstance(error, Exception) and says_lost(error, generation):
                self._lost(generation, error)
            raise
        self._enqueue(step.unfinished)
        self._contended |= step.contended
        self.progress.facts += step.facts
        self.progress.batches += 1
        self.progress.folding_seconds += time.perf_counter() - began
        self._note(step.checkpoints)
        return step.facts

    def _enqueue(self, books: Iterable[str]) -> None:
        with self._lock:
            self._queue.update(books)

    def _take(self) -> Collection[str]:
        """The books of one batch; those that come after the last one of the batch before first.

        So a book with many facts does not starve others.
        """
        with self._lock:
            if len(self._queue) <= _BOOKS_PER_BATCH:
                taken, self._queue = self._queue, set()
                return taken
            turn = sorted(self._queue, key=lambda book: (book <= self._last_book, book))
            chosen = turn[:_BOOKS_PER_BATCH]
            self._queue.difference_update(chosen)
        self._last_book = chosen[-1]
        return chosen

    def _look(self, generation: Generation) -> None:
        worked, began = time.thread_time(), time.monotonic()
        found = projection_lag(self._ledger, generation)
        behind = [b for b, lag in found.items() if not self._has_been_tried(b, lag.checkpoint)]
        self._poll.looked(
            time.thread_time() - worked, found=bool(behind), took=time.monotonic() - began
        )
        self._enqueue(behind)
        self.progress.lag = sum(lag.facts for lag in found.values())
        self.progress.parked = {
            book: lag.checkpoint
            for book, lag in found.items()
            if lag.checkpoint.parked_error is not None
        }

    def _has_been_tried(self, book: str, checkpoint: Checkpoint) -> bool:
        position = checkpoint.parked_position
        return position is not None and self._tried.get(book) == position

    def _note(self, checkpoints: Moved) -> None:
        parked = {b: c for b, c in checkpoints.items() if c.parked_error is not None}
        for book in checkpoints.keys() - parked.keys():
            self._tried.pop(book, None)
        for book, each in parked.items():
            position, error = each.parked_position, each.parked_error
            if self._tried.get(book) != position:
                _log.error("a book is parked", book=book, position=position, error=error)
        self._tried.update({book: each.parked_position for book, each in parked.items()})
        before = self.progress.parked
        kept = {book: before[book] for book in before.keys() - checkpoints.keys()}
        self.progress.parked = kept | parked
        for listener in self._listeners:
            listener(checkpoints)

    def _run(self) -> None:
        while not self._closing.is_set():
            folded, pause = 0, None
            try:
                folded = self.project_once()
                self.progress.failure = None
            except ViewsRebuilding:
                # Nothing fails: there is nothing to write to.
                self.progress.failure = None
                pause = _FAILURE_PAUSE_SECONDS
            except Exception as error:  # noqa: BLE001 (shown in the health page, and tried again)
                self._note_failure(error)
                pause = _FAILURE_PAUSE_SECONDS
            if folded:
                self._contended_seconds = _SHORTEST_CONTENDED_SECONDS
                self._rest(folded)
            elif pause is not None or not self._queue:
                self._sleep(pause)

    def _note_failure(self, error: Exception) -> None:
        """Anybody may ask for the kind of it; the log says the rest, once until it is another."""
        kind = type(error).__name__
        if self.progress.failure != kind:
            _log.warning("the views could not be written", error=reason(error))
        self.progress.failure = kind

    def _rest(self, folded: int) -> None:
        if folded < FACTS_PER_BATCH and self._rest_skipped.wait(self._rest_seconds):
            self._rest_skipped.clear()

    def _sleep(self, pause: float | None) -> None:
        """Until there is something to do, or to look for."""
        if pause is None:
            pause = self._poll.seconds_left
            if self._contended:
                pause = min(pause, self._contended_seconds)
                longer = self._contended_seconds * 2
                self._contended_seconds = min(longer, _LONGEST_CONTENDED_SECONDS)
        self._notified.wait(pause)
        self._notified.clear()
