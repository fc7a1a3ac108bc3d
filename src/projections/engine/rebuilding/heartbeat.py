"""Heartbeat and progress of a build: how far it is, and that its builder is alive."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

from ledger.supervised_threads import supervised_thread
from projections.engine.folding.definitions import Definitions
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import Generations
from projections.engine.generations.registry import Registered

_DEAD_AFTER_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is to read facts again: `facts` of `total`, `seconds` since it began."""

    facts: int
    total: int
    seconds: float

    @property
    def seconds_left(self) -> float | None:
        """If it goes on as it did until now; None where nobody can tell."""
        return max(0, self.total - self.facts) * self.seconds / self.facts if self.facts else None


Notice = Callable[[Progress], None]


class Meter:
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
        self._notice(Progress(self.facts, max(self.total, self.facts), self.seconds))


@contextmanager
def build(
    generations: Generations,
    definitions: Definitions,
    meter: Meter,
    *,
    unless_begun: bool = False,
) -> Iterator[Generation]:
    """A new generation, with a heartbeat; taken away at the end unless it has come to serve.

    Raises ViewsRebuilding when another is begun already and that is to be enough.
    """
    generation = generations.begin(definitions, unless_begun=unless_begun)
    done = threading.Event()
    heartbeats = count(1)

    # A heartbeat that is missed now and then does no harm; the build itself must go on.
    def beat() -> None:
        while not done.wait(generations.heartbeat_seconds):
            generations.note(generation.number, meter.facts, meter.total, next(heartbeats))

    thread = supervised_thread(beat, name="rebuild-heartbeat", closing=done)
    thread.start()
    try:
        yield generation
    finally:
        done.set()
        thread.join()
        generations.abandon(generation.number)


def clear_abandoned(generations: Generations, definitions: Definitions) -> None:
    """Take away what was half built for these definitions by processes that are gone.

    This waits for the heartbeats of all builds, one a second, a few seconds at most.
    """
    silent = _builds(generations, definitions)
    until = time.monotonic() + _DEAD_AFTER_SECONDS
    while silent and time.monotonic() < until:
        time.sleep(generations.heartbeat_seconds / 4)
        silent &= _builds(generations, definitions)
    for each in silent:
        generations.abandon(each.number)


def _builds(generations: Generations, definitions: Definitions) -> set[Registered]:
    return {
        each
        for each in generations.list()
        if each.state == "building" and each.definitions == definitions.digest()
    }
