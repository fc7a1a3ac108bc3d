"""Keeper of the views: builds them where none fit the code, and anew when they were taken away."""

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ledger.errors import StoreReplaced
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.engine.folding.checkpoints import read_checkpoints
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.fold import reason
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import Generations, ViewsRebuilding
from projections.engine.generations.lost_views import Truncations, says_lost
from projections.engine.generations.same_history import find_book_of_another_history
from projections.engine.rebuilding.rebuild import ensure_views

_LOOK_SECONDS = 1.0
# It compares all books, of which there may be very many.
_HISTORY_LOOK_SECONDS = 5.0
_BUILT_AGAIN_SECONDS = 5
_BUILD_AWAITED_SECONDS = 5

_log = structlog.get_logger("whence")


class ViewsKeeper:
    """Somebody who sees to it that views are there, in a thread of its own.

    Looks every second whether those that serve are whole, and at once when it is told that they
    are `lost`; now and then whether the ledger still has what they were folded from, since a backup
    may have been put in its place. Any number of keepers may work on one store: of those who find
    the same, one builds.
    """

    def __init__(
        self,
        ledger: Ledger,
        generations: Generations,
        mapper: FactMapper,
        definitions: Definitions,
    ) -> None:
        self._generations = generations
        self._definitions = definitions
        self._closing = threading.Event()
        self._told = threading.Event()
        self._lost: tuple[int, str] | None = None
        self._history_due_at = 0.0
        self._built = threading.Event()
        self._ensure: Callable[[], None] = lambda: ensure_views(
            ledger, generations, mapper, definitions, closing=self._closing
        )
        self._thread = threading.Thread(target=self._run, name="views-keeper", daemon=True)

    def start(self) -> None:
        """Waits a moment, so that a store of ordinary size has its views before it is asked."""
        self._thread.start()
        self._built.wait(_BUILD_AWAITED_SECONDS)

    def close(self) -> None:
        self._closing.set()
        self._told.set()
        if self._thread.is_alive():
            self._thread.join(_BUILD_AWAITED_SECONDS)

    def lost(self, generation: Generation, error: Exception) -> None:
        """Its tables were not found; any thread may say so."""
        self._lost = (generation.number, reason(error))
        self._told.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._ensure()
                self._built.set()
                self._watch()
            except Exception:  # noqa: BLE001 (logged; queries say that the views are not there)
                _log.exception("the views could not be built, trying again")
                self._closing.wait(_BUILT_AGAIN_SECONDS)

    def _watch(self) -> None:
        """Until the views are lost, or others serve."""
        watched = self._generations.serving(self._definitions)
        truncations = Truncations(watched)
        while not (self._closing.is_set() or self._others_serve(watched)):
            why = self._why_lost(watched, truncations)
            if why is not None:
                said = "the views are lost, building them anew"
                _log.warning(said, generation=watched.number, why=why)
                self._generations.drop(watched.number)
                return
            self._told.wait(_LOOK_SECONDS)
            self._told.clear()

    def _others_serve(self, watched: Generation) -> bool:
        try:
            return self._generations.whole_ones(self._definitions)[0].number != watched.number
        except ViewsRebuilding:
            return False

    def _why_lost(self, watched: Generation, truncations: Truncations) -> str | None:
        told, self._lost = self._lost, None
        if told is not None and told[0] == watched.number:
            return told[1]
        try:
            with watched.reading() as connection:
                read_checkpoints(connection, [""])
                stray = self._find_stray(connection)
            emptied = truncations.look()
        except (DBAPIError, StoreReplaced) as error:
            return reason(error) if says_lost(error, watched) else None
        if stray is not None:
            return f"of another history than the ledger: {stray}"
        return f"emptied: {', '.join(emptied)}" if emptied else None

    def _find_stray(self, connection: Connection) -> str | None:
        now = time.monotonic()
        if now < self._history_due_at:
            return None
        self._history_due_at = now + _HISTORY_LOOK_SECONDS
        return find_book_of_another_history(connection)
