"""Builds a generation beside the one that serves, from the facts, and switches to it.

Until the switch nobody notices; when it is interrupted, what was half built is taken away again.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.definitions import Definitions
from projections.derivation import derive_book
from projections.generation import Generation
from projections.generations import Generations, ViewsRebuilding
from projections.lineage import is_folded_from
from projections.parallel import fill_in_parallel
from projections.projector import Projector

_PULSE_SECONDS = 1.0
_DEAD_AFTER_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """How far a rebuild is: `facts` of `total`, `seconds` since it began."""

    facts: int
    total: int
    seconds: float

    @property
    def facts_per_second(self) -> float:
        return self.facts / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float | None:
        rate = self.facts_per_second
        return max(0, self.total - self.facts) / rate if rate else None


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The generation that serves now, and what it took."""

    number: int
    facts: int
    seconds: float


Notice = Callable[[Rebuilding], None]


def rebuild(
    ledger: Ledger,
    generations: Generations,
    mapper: FactMapper,
    definitions: Definitions,
    *,
    unless_begun: bool = False,
    notice: Notice = lambda _: None,
    processes: int = 1,
) -> Rebuilt:
    """Build a new generation, catch up with what is recorded meanwhile, and switch to it.

    At most so many `processes` fill it. `notice` is called often, in this thread. Whatever ends it
    early, an interrupt included, leaves the serving generation as it was.
    Raises ViewsRebuilding when another is built already and that is to be enough.
    """
    clear_abandoned(generations, definitions)
    heads = ledger.heads()
    generation = generations.begin(definitions, unless_begun=unless_begun)
    meter = _Meter(sum(heads.values()), notice)
    try:
        with _pulse(generations, generation.number, meter):
            fill_in_parallel(
                ledger,
                generation,
                definitions,
                mapper,
                sorted(heads.items()),
                meter.count,
                processes=processes,
            )
            _finish(generation, definitions, sorted(heads))
            _catch_up(ledger, generation, mapper, definitions, meter)
        generations.finish(generation.number)
    except BaseException:
        generations.drop(generation.number)
        raise
    return Rebuilt(generation.number, meter.facts, meter.seconds)


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
    moment than a wrong one. `closing` ends the waiting for another process early.
    """
    closing = closing or threading.Event()
    while not closing.is_set():
        try:
            generation = generations.serving(definitions)
        except ViewsRebuilding as state:
            if state.building is None or _is_abandoned(generations, state.building.number):
                # Of those who begin at the same moment one builds; the others find it building.
                with suppress(ViewsRebuilding):
                    rebuild(
                        ledger, generations, mapper, definitions, unless_begun=True, notice=notice
                    )
                    return
            closing.wait(_PULSE_SECONDS)
        else:
            if is_folded_from(ledger, generation):
                return
            generations.drop(generation.number)


def clear_abandoned(generations: Generations, definitions: Definitions) -> None:
    """Take away what was half built for these definitions by a process that is gone."""
    for each in generations.list():
        mine = each.definitions == definitions.digest() and each.state == "building"
        if mine and _is_abandoned(generations, each.number):
            generations.drop(each.number)


def _is_abandoned(generations: Generations, number: int) -> bool:
    """Its builder would show a pulse every second."""
    before = _building(generations, number)
    until = time.monotonic() + _DEAD_AFTER_SECONDS
    while before is not None and time.monotonic() < until:
        time.sleep(_PULSE_SECONDS / 4)
        now = _building(generations, number)
        if now != before:
            return False
    return before is not None


def _building(generations: Generations, number: int) -> object:
    return next(
        (each for each in generations.list() if each.number == number and each.state == "building"),
        None,
    )


def _finish(generation: Generation, definitions: Definitions, books: list[str]) -> None:
    generation.create_keys(definitions)
    generation.analyze(definitions, only=definitions.folded)
    for book in books:
        with generation.writing() as connection:
            derive_book(connection, definitions.derived, book)
    generation.create_indexes(definitions)
    # SQLite looks at indexes, and only now there are some; PostgreSQL at columns, and has seen all
    # but these.
    on_postgresql = generation.schema is not None
    generation.analyze(definitions, only=definitions.derived_tables if on_postgresql else None)


def _catch_up(
    ledger: Ledger,
    generation: Generation,
    mapper: FactMapper,
    definitions: Definitions,
    meter: "_Meter",
) -> None:
    projector = Projector(ledger, lambda: generation, mapper, definitions)
    while folded := projector.project_once():
        meter.count(folded)
        projector.wake()


class _Meter:
    """Counts facts, and tells whoever wants to know."""

    def __init__(self, total: int, notice: Notice) -> None:
        self.facts = 0
        self.total = total
        self._notice = notice
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def count(self, facts: int) -> None:
        self.facts += facts
        self._notice(Rebuilding(self.facts, max(self.total, self.facts), self.seconds))


@contextmanager
def _pulse(generations: Generations, number: int, meter: _Meter) -> Iterator[None]:
    """Show the other processes that this build is alive, and how far it is."""
    done = threading.Event()

    def beat() -> None:
        pulse = 0
        while not done.wait(_PULSE_SECONDS):
            pulse += 1
            # A pulse that is missed now and then does no harm; the build itself must go on.
            with suppress(DBAPIError):
                generations.note(number, meter.facts, meter.total, pulse)

    thread = threading.Thread(target=beat, name="rebuild-pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
