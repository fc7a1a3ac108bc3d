"""Rebuild: builds a generation from the facts beside the one that serves, and switches to it.

Until the switch nobody notices; when it is interrupted, what was half built is taken away again.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.engine.folding.checkpoints import read_checkpoints
from projections.engine.folding.definitions import Definitions
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import Generations, ViewsRebuilding
from projections.engine.generations.same_history import is_folded_from
from projections.engine.live.projector import Projector
from projections.engine.rebuilding.heartbeat import (
    Meter,
    Notice,
    Progress,
    build,
    clear_abandoned,
)
from projections.engine.rebuilding.parallel_load import load_books

__all__ = ["Progress", "clear_abandoned"]

# So little is folded in a moment: whoever asks just after the switch waits for no more.
_NEARLY_FACTS = 1_000
_LOOK_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The generation that serves now, and what it took."""

    number: int
    facts: int
    seconds: float


class OtherFacts(ValueError):  # noqa: N818 (an answer to whoever named it)
    def __init__(self, number: int) -> None:
        super().__init__(f"generation {number} was folded from other facts than the ledger has")


class _Closing(Exception):  # noqa: N818 (no fault: the process ends)
    pass


def rebuild(
    ledger: Ledger,
    generations: Generations,
    mapper: FactMapper,
    definitions: Definitions,
    *,
    unless_begun: bool = False,
    notice: Notice = lambda _: None,
    with_switch: Callable[[Connection, int], None] = lambda *_: None,
    processes: int = 1,
) -> Rebuilt:
    """Build a new generation, catch up with what is recorded meanwhile, and switch to it.

    At most so many `processes` fill it. `notice` is called often, in this thread. Whatever ends it
    early, an interrupt included, leaves the serving generation as it was. ``with_switch`` writes
    what becomes true as the new one, of this number, begins to serve.
    Raises ViewsRebuilding when another is built already and that is to be enough.
    """
    clear_abandoned(generations, definitions)
    heads = ledger.heads()
    meter = Meter(sum(heads.values()), notice)
    with build(generations, definitions, meter, unless_begun=unless_begun) as generation:
        books = sorted(heads.items())
        load_books(ledger, generation, definitions, mapper, books, meter.count, processes=processes)
        _make_indexes(generation, definitions)
        following = Projector(ledger, lambda: generation, mapper, definitions)
        number = generation.number

        def serve() -> bool:
            return generations.finish(number, lambda connection: with_switch(connection, number))

        _hand_over(generations, following, meter, serve)
    return Rebuilt(generation.number, meter.facts, meter.seconds)


def switch(
    ledger: Ledger,
    generations: Generations,
    mapper: FactMapper,
    definitions: Definitions,
    number: int,
    *,
    notice: Notice = lambda _: None,
) -> Rebuilt:
    """Let a kept generation serve again, once it has caught up with what it has missed.

    Raises NoSuchGeneration for one that is not whole or was made for other definitions, OtherFacts
    for one that was folded from another history.
    """
    generation = generations.whole(number, definitions)
    if not is_folded_from(ledger, generation):
        raise OtherFacts(number)
    with generation.reading() as connection:
        folded = sum(each.position for each in read_checkpoints(connection).values())
    meter = Meter(sum(ledger.heads().values()) - folded, notice)
    following = Projector(ledger, lambda: generation, mapper, definitions)
    _hand_over(generations, following, meter, lambda: generations.switch(number))
    return Rebuilt(number, meter.facts, meter.seconds)


def ensure_views(
    ledger: Ledger,
    generations: Generations,
    mapper: FactMapper,
    definitions: Definitions,
    *,
    notice: Notice = lambda _: None,
    closing: threading.Event | None = None,
) -> None:
    """Return when a generation serves these definitions; build it unless another process does.

    One that was folded from other facts than the ledger has is taken away: better no answer for a
    moment than a wrong one. `closing` ends the waiting for another process early, and a build.
    """
    closing = closing or threading.Event()

    def go_on(state: Progress) -> None:
        notice(state)
        if closing.is_set():
            raise _Closing

    while not closing.is_set():
        try:
            generation = generations.serving(definitions)
        except ViewsRebuilding as state:
            if state.building is not None:
                closing.wait(generations.heartbeat_seconds)
                clear_abandoned(generations, definitions)
                continue
            # Of those who begin at the same moment one builds; the others find it building.
            with suppress(_Closing, ViewsRebuilding):
                rebuild(ledger, generations, mapper, definitions, unless_begun=True, notice=go_on)
                return
        else:
            if is_folded_from(ledger, generation):
                return
            generations.drop(generation.number)


def _make_indexes(generation: Generation, definitions: Definitions) -> None:
    generation.create_indexes(definitions)
    generation.create_readable_views(definitions)
    # SQLite looks at indexes, and only now there are some; PostgreSQL at columns, and has seen all
    # but these.
    on_postgresql = generation.schema is not None
    generation.analyze(definitions, only=definitions.derived_tables if on_postgresql else None)


def _hand_over(
    generations: Generations, following: Projector, meter: Meter, serve: Callable[[], bool]
) -> None:
    """Catch up, let it serve, and keep it up to date until every process has noticed.

    Under load there is always something new, so it is never quite there before it serves; and
    those who have not noticed yet go on writing the generation that served before.
    """
    while _fold_what_is_new(following, meter) > _NEARLY_FACTS:
        pass
    if not serve():
        return
    until = time.monotonic() + 2 * generations.noticed_seconds
    while time.monotonic() < until:
        if not _fold_what_is_new(following, meter):
            time.sleep(_LOOK_SECONDS)


def _fold_what_is_new(following: Projector, meter: Meter) -> int:
    following.notify()
    facts = 0
    while (folded := following.project_once()) or following.has_work:
        facts += folded
        meter.count(folded)
        if not folded:
            time.sleep(_LOOK_SECONDS)
    return facts
