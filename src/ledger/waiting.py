"""Those who wait for the outcome of an append: threads, and tasks of event loops."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from ledger.append import Append, Outcome
from ledger.errors import LedgerBusy, LedgerUnavailable, StoreFull, StoreReplaced

_log = logging.getLogger(__name__)

Result = Outcome | Exception


class Waiting:
    """An append and whoever waits for its outcome: a thread, or a task of an event loop."""

    __slots__ = ("append", "future", "loop")

    def __init__(
        self,
        append: Append,
        future: Future[Outcome] | asyncio.Future[Outcome],
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self.append = append
        self.future = future
        self.loop = loop


def by_book(batch: Sequence[Waiting]) -> dict[str, list[Waiting]]:
    parts: dict[str, list[Waiting]] = defaultdict(list)
    for waiting in batch:
        parts[waiting.append.book].append(waiting)
    return parts


def refuse(waiting: Sequence[Waiting], found: LedgerUnavailable) -> None:
    """Answers those of whom nothing was sent."""
    away = LedgerUnavailable("the store cannot be reached: nothing was sent")
    is_told = isinstance(found, (StoreFull, StoreReplaced, LedgerBusy))
    answer(waiting, [found if is_told else away] * len(waiting))


def answer(batch: Sequence[Waiting], results: Sequence[Result]) -> None:
    """Answers threads at once, and each event loop with one wake for all of its tasks."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Outcome], Result]]]
    loops = defaultdict(list)
    for waiting, result in zip(batch, results, strict=True):
        if waiting.loop is not None and isinstance(waiting.future, asyncio.Future):
            loops[waiting.loop].append((waiting.future, result))
        else:
            resolve_futures([(waiting.future, result)])
    for loop, answers in loops.items():
        try:
            loop.call_soon_threadsafe(resolve_futures, answers)
        except RuntimeError:
            _log.warning("%d callers left before they were answered", len(answers))


def resolve_futures(
    answers: Iterable[tuple[Future[Outcome] | asyncio.Future[Outcome], Result]],
) -> None:
    """Hands out results; whoever has stopped waiting is passed over."""
    for future, result in answers:
        if future.done():
            continue
        # A thread may leave at any moment, this one included.
        with suppress(InvalidStateError):
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
