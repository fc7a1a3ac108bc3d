"""Generations of views: which one serves this code; begun, finished, switched, dropped.

Each code has its own serving generation: a release with changed views never reads another's tables,
and the release before it goes on with its own until it is stopped.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from ledger.clock import Clock
from projections.engine.folding.definitions import Definitions
from projections.engine.generations.connections import OpenGenerations
from projections.engine.generations.generation import Generation
from projections.engine.generations.registry import NoSuchGeneration, Registered, Registry, State

__all__ = ["NoSuchGeneration", "Registered"]

_log = logging.getLogger(__name__)


class ViewsRebuilding(Exception):  # noqa: N818 (a state of things, not a fault)
    """No generation fits the code yet; `building` says how far one is, None when none is begun."""

    def __init__(self, building: Registered | None) -> None:
        super().__init__("the views are being rebuilt")
        self.building = building


class GenerationServes(ValueError):  # noqa: N818 (an answer to whoever named it)
    def __init__(self, number: int) -> None:
        super().__init__(f"generation {number} serves: let another one serve first")


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found to serve when the list was last looked at, and when that was begun."""

    looked_at: float
    serving: Generation


class Generations:
    """The generations of one ledger.

    `views_location` is the folder of the view files on SQLite; PostgreSQL keeps views beside the
    ledger and has no use for it.
    """

    # A switch is noticed by every process within this time…
    noticed_seconds: ClassVar[float] = 0.5
    # …and a query that was asked before that is answered so much later.
    last_read_seconds: ClassVar[float] = 5.0
    # Whoever builds says so often that it is alive.
    heartbeat_seconds: ClassVar[float] = 1.0

    def __init__(self, ledger_engine: Engine, views_location: Path, *, clock: Clock) -> None:
        self._registry = Registry(ledger_engine, clock)
        self._open = OpenGenerations(ledger_engine, views_location)
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            self._known.clear()
        self._open.close()

    def list(self) -> list[Registered]:
        """All generations, oldest first."""
        found = self._registry.all()
        self._open.let_go({each.number for each in found})
        return found

    def serving(self, definitions: Definitions) -> Generation:
        """The generation that answers for these definitions, as of half a second ago at most.

        Raises ViewsRebuilding when there is none.
        """
        with self._lock:
            known = self._known.get(definitions.digest())
        if known is not None and time.monotonic() - known.looked_at < self.noticed_seconds:
            return known.serving
        return self._look(definitions)[0]

    def whole_ones(self, definitions: Definitions) -> Sequence[Generation]:
        """The generation that serves at this moment, then the others that may have served before.

        Raises ViewsRebuilding when none serves.
        """
        return self._look(definitions)[1]

    def follow(self, definitions: Definitions) -> Callable[[], Generation]:
        """`serving` for the projector and the reader, who ask before each batch and query."""
        return lambda: self.serving(definitions)

    def whole(self, number: int, definitions: Definitions) -> Generation:
        """The generation of this number, which serves or could; raises NoSuchGeneration."""
        for each in self.list():
            mine = each.definitions == definitions.digest() and each.state != "building"
            if each.number == number and mine and self._open.is_there(number):
                return self._open.get(number, each.definitions)
        raise NoSuchGeneration(number)

    def begin(self, definitions: Definitions, *, unless_begun: bool = False) -> Generation:
        """A new, empty generation that is being built: tables without keys and indexes.

        Raises ViewsRebuilding when another is built for these definitions, or serves them, and
        that is to be enough.
        """
        self.sweep()
        digest = definitions.digest()
        check = partial(self._must_not_be_begun, digest) if unless_begun else None
        number = self._registry.register(digest, check=check)
        try:
            generation = self._open.get(number, definitions.digest())
            generation.drop(waits=False)
            generation.create(definitions)
        except BaseException:
            self.abandon(number)
            raise
        return generation

    def note(self, number: int, facts: int, total: int, heartbeat: int) -> None:
        """Tell everybody how far a build is; `heartbeat` changes while its builder is alive."""
        self._registry.note(number, facts, total, heartbeat)

    def finish(self, number: int, with_it: Callable[[Connection], None] = lambda _: None) -> bool:
        """What was being built is whole: let it serve, from now on; whether another did before.

        ``with_it`` writes what becomes true with that, and by what it raises nothing does.
        """
        return self._serve(number, ("building",), with_it)

    def switch(self, number: int) -> bool:
        """Let a whole generation serve from now on; whether another did before.

        Raises NoSuchGeneration.
        """
        return self._serve(number, ("kept", "serving"))

    def abandon(self, number: int) -> None:
        """Give a build up and take its tables away; what has come to serve meanwhile stays."""
        self._registry.drop(number, ("building",))
        # Somebody else may have dropped it, and its builder gone on making tables for a moment.
        if number not in {each.number for each in self.list()}:
            self._remove_at_once(number)

    def drop(self, number: int) -> None:
        """Forget a generation, whatever it does, and take its tables away: at once, or later.

        Nobody waits for those who read it: one of them may stand still.
        """
        self._registry.drop(number, ("building", "kept", "serving"))
        self._remove_at_once(number)

    def sweep(self) -> None:
        """Take away what is left of generations that were dropped.

        Whoever dropped one may have been interrupted, or refused, before its tables were gone.
        """
        gone = [number for number in self._registry.dropped() if self._remove_at_once(number)]
        if gone:
            self._registry.forget(gone)

    def distribute(self) -> tuple[str, ...]:
        """Spread the tables of every generation over machines; the names of those it spread."""
        mine = [self._open.get(each.number, each.definitions) for each in self.list()]
        return tuple(name for each in mine for name in each.distribute())

    def discard(self, number: int, *, even_serving: bool = False) -> None:
        """Forget a generation that does not serve; its tables go when nobody reads them any more.

        `even_serving` is for one that serves a release which runs nowhere any more. Raises
        GenerationServes, and NoSuchGeneration for one that is not in the list.
        """
        idle: tuple[State, ...] = ("building", "kept")
        states = (*idle, "serving") if even_serving else idle
        one = next((each for each in self.list() if each.number == number), None)
        if one is None:
            raise NoSuchGeneration(number)
        if one.state not in states:
            raise GenerationServes(number)
        # It may have served until just now, and somebody may not have noticed yet.
        time.sleep(self.noticed_seconds + self.last_read_seconds)
        if not self._registry.drop(number, states):
            raise GenerationServes(number)
        self._remove(number)

    def _serve(
        self,
        number: int,
        states: tuple[State, ...],
        with_it: Callable[[Connection], None] = lambda _: None,
    ) -> bool:
        replaced = self._registry.serve(number, states, self._open.is_there, with_it)
        with self._lock:
            self._known.clear()
        return bool(replaced)

    def _look(self, definitions: Definitions) -> tuple[Generation, Sequence[Generation]]:
        """What serves by the latest look, which may be another's, and all that this one found."""
        digest, looked_at = definitions.digest(), time.monotonic()
        found = self._find_whole(digest)
        with self._lock:
            known = self._known.get(digest)
            # Whoever began to look later was quicker: what they found is not older.
            if known is None or known.looked_at < looked_at:
                known = self._known[digest] = _Known(looked_at, found[0])
        return known.serving, found

    def _find_whole(self, digest: str) -> Sequence[Generation]:
        mine = [each for each in self.list() if each.definitions == digest]
        whole = [e for e in mine if e.state != "building" and self._open.is_there(e.number)]
        if not any(each.state == "serving" for each in whole):
            building = [each for each in mine if each.state == "building"]
            raise ViewsRebuilding(building[-1] if building else None)
        whole.sort(key=lambda each: (each.state != "serving", -each.number))
        return [self._open.get(each.number, digest) for each in whole]

    def _must_not_be_begun(self, digest: str, found: Sequence[Registered]) -> None:
        for each in found:
            serves = each.state == "serving" and self._open.is_there(each.number)
            if each.definitions == digest and (serves or each.state == "building"):
                raise ViewsRebuilding(each)

    def _remove_at_once(self, number: int) -> bool:
        """Whether its tables could go; while they are read, they are left to the next sweep."""
        try:
            self._remove(number, waits=False)
        except (DBAPIError, OSError) as error:
            _log.warning("generation %d cannot be removed yet: %s", number, error)
            return False
        return True

    def _remove(self, number: int, *, waits: bool = True) -> None:
        # Its number stays taken until a higher one is: whoever has it open must not find another.
        generation = self._open.take(number)
        with self._lock:
            self._known = {
                digest: known
                for digest, known in self._known.items()
                if known.serving.number != number
            }
        generation.drop(waits=waits)
