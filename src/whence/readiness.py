"""Readiness: whether a process can do its work, looked at once for all who ask meanwhile."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy.exc import DBAPIError
from starlette.concurrency import run_in_threadpool

from delivery.progress import DeliveryProgress
from ledger.errors import StoreFull, StoreReplaced
from ledger.ledger import Ledger
from projections.engine.folding.checkpoints import Checkpoint, read_checkpoints
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.generations.lost_views import says_lost
from projections.engine.live.projector import Projector

# Every look reads where every book is: ten thousand of them take some 50 ms, and then nobody looks
# again for a second. Of few books it is always as it is now; and so is what is in the way.
_KEPT_SECONDS_A_BOOK: Final = 0.0001
_KEPT_SECONDS_AT_MOST: Final = 1.0

Found = dict[str, Any]


class Looks:
    """What a look has found, for all who ask while it goes on and for a short while after."""

    def __init__(self, look: Callable[[], Found]) -> None:
        self._look = look
        self._going_on: asyncio.Task[Found] | None = None
        self._found: Found = {}
        self._fresh_until = 0.0

    async def found(self) -> Found:
        if time.monotonic() < self._fresh_until:
            return self._found
        if self._going_on is None or self._going_on.done():
            self._going_on = asyncio.create_task(self._look_now())
        # Whoever hangs up does not end it for the others.
        return await asyncio.shield(self._going_on)

    async def _look_now(self) -> Found:
        self._found = await run_in_threadpool(self._look)
        if self._found["status"] == "ready":
            kept = self._found["books"] * _KEPT_SECONDS_A_BOOK
            self._fresh_until = time.monotonic() + min(kept, _KEPT_SECONDS_AT_MOST)
        return self._found


def readiness(
    ledger: Ledger,
    projector: Projector,
    serving: Callable[[], Generation],
    deliveries: Callable[[], DeliveryProgress] | None = None,
) -> Found:
    """What is in the way, if anything; ``serving`` raises ViewsRebuilding while no views fit.

    What waits to be told, as ``deliveries`` says, is in nobody's way.
    """
    try:
        ledger.must_take_more()
        heads = ledger.heads()
        state, folded = _views(serving)
    except (StoreFull, StoreReplaced) as error:
        store = "full" if isinstance(error, StoreFull) else "replaced"
        return {"status": "not ready", "store": store, "failure": type(error).__name__}
    except Exception as error:  # noqa: BLE001 (whatever keeps the store away, it is not ready)
        return {"status": "not ready", "store": "unreachable", "failure": type(error).__name__}
    failure = projector.progress.failure
    behind = [
        max(0, head - folded.get(book, Checkpoint()).position) for book, head in heads.items()
    ]
    # No position of the ledger, by which one would count who is new, and no name of a book: anybody
    # may ask.
    return {
        # Neither a parked book nor a rebuild makes the service unready: all the rest goes on.
        "status": "ready" if failure is None else "not ready",
        "store": "reachable",
        "books": len(heads),
        "views": {
            "state": state,
            "behind": sum(behind),
            "failure": failure,
        },
        "deliveries": deliveries and _waiting(deliveries()),
        "parked_books": sum(each.parked_error is not None for each in folded.values()),
    }


def _waiting(progress: DeliveryProgress) -> Found:
    return {
        "endpoints": progress.endpoints,
        "failing": progress.failing,
        "backlog": progress.backlog,
        "behind": progress.behind,
        "oldest_waiting_at": progress.oldest_waiting_at,
    }


# From the database, because other processes fold too: none knows where all books are.
def _views(serving: Callable[[], Generation]) -> tuple[str, dict[str, Checkpoint]]:
    try:
        generation = serving()
    except ViewsRebuilding:
        return "rebuilding", {}
    try:
        with generation.reading() as connection:
            return "serving", read_checkpoints(connection)
    except (DBAPIError, StoreReplaced) as error:
        if not says_lost(error, generation):
            raise
        # They are about to be built anew.
        return "rebuilding", {}
