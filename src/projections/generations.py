"""Which generations of views there are, and which one answers for the code that asks.

The list is a table of the ledger, so all processes agree on it. Each code has its own serving
generation: a release with changed views never reads another's tables, and the release before it
goes on with its own until it is stopped. Switching is one statement.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from sqlalchemy import Engine, case, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ledger.clock import Clock, written
from ledger.database import writing
from ledger.schema import generations
from projections.definitions import Definitions
from projections.generation import Generation, postgresql_generation, sqlite_generation

State = Literal["building", "kept", "serving"]

_DROPPED = "dropped"

_NOTICED_SECONDS = 0.5
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Registered:
    """A generation in the list. `facts` of `total` are folded while it is being built."""

    number: int
    definitions: str
    state: State
    facts: int = 0
    total: int = 0
    pulse: int = 0


class ViewsRebuilding(Exception):  # noqa: N818 (a state of things, not a fault)
    """No generation fits the code yet; `building` says how far one is, None when none is begun."""

    def __init__(self, building: Registered | None) -> None:
        super().__init__("the views are being rebuilt")
        self.building = building


class NoSuchGeneration(LookupError):  # noqa: N818 (an answer to whoever named it)
    def __init__(self, number: int) -> None:
        super().__init__(f"there is no generation {number} that could serve")


class Generations:
    """The generations of one ledger.

    `views_location` is the folder of the view files on SQLite; PostgreSQL keeps views beside the
    ledger and has no use for it.
    """

    def __init__(self, ledger_engine: Engine, views_location: Path, *, clock: Clock) -> None:
        self._engine = ledger_engine
        self._clock = clock
        self._location = views_location
        self._lock = threading.Lock()
        self._open: dict[int, Generation] = {}
        self._known: dict[str, tuple[float, Generation]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._lock:
            for generation in self._open.values():
                generation.close()
            self._open.clear()
            self._known.clear()

    def list(self) -> list[Registered]:
        """All generations, oldest first."""
        columns = generations.c
        statement = (
            select(columns.number, columns.definitions, columns.state)
            .where(columns.book == "", columns.state != _DROPPED)
            .order_by(columns.number)
        )
        with self._engine.connect() as connection:
            return [_registered(*row) for row in connection.execute(statement)]

    def serving(self, definitions: Definitions) -> Generation:
        """The generation that answers for these definitions, as of half a second ago at most.

        Raises ViewsRebuilding when there is none.
        """
        digest = definitions.digest()
        now = time.monotonic()
        with self._lock:
            asked_at, generation = self._known.get(digest, (0.0, None))
        if generation is not None and now - asked_at < _NOTICED_SECONDS:
            return generation
        found = self._find_serving(digest)
        with self._lock:
            self._known[digest] = (now, found)
        return found

    def follow(self, definitions: Definitions) -> Callable[[], Generation]:
        """`serving` for the projector and the reader, who ask before each batch and query."""
        return lambda: self.serving(definitions)

    def begin(self, definitions: Definitions, *, unless_begun: bool = False) -> Generation:
        """A new, empty generation that is being built: tables without keys and indexes.

        Raises ViewsRebuilding when another is built for these definitions, or serves them, and
        that is to be enough.
        """
        number = self._register(definitions.digest(), unless_begun=unless_begun)
        generation = self._opened(number, definitions.digest())
        generation.drop()
        generation.create(definitions)
        return generation

    def note(self, number: int, facts: int, total: int, pulse: int) -> None:
        """Tell everybody how far a build is; `pulse` changes while its builder is alive."""
        self._update(number, f"building {facts} {total} {pulse}")

    def finish(self, number: int) -> None:
        """What was being built is whole: let it serve, from now on."""
        self._serve(number, ("building",))

    def switch(self, number: int) -> None:
        """Let a whole generation serve its definitions, from now on; raises NoSuchGeneration."""
        self._serve(number, ("kept", "serving"))

    def drop(self, number: int) -> None:
        """Forget a generation and take its tables away."""
        # Its number stays taken until a higher one is: whoever has it open must not find another.
        self._update(number, _DROPPED)
        generation = self._opened(number, "")
        with self._lock:
            del self._open[number]
            self._known.clear()
        generation.drop()

    def _serve(self, number: int, states: tuple[State, ...]) -> None:
        one = next((each for each in self.list() if each.number == number), None)
        if one is None or one.state not in states or not self._is_there(number):
            raise NoSuchGeneration(number)
        columns = generations.c
        statement = (
            update(generations)
            .where(columns.book == "", columns.definitions == one.definitions)
            .where(or_(columns.number == number, columns.state == "serving"))
            .values(state=case((columns.number == number, "serving"), else_="kept"))
        )
        with writing(self._engine) as connection:
            connection.execute(statement)
        with self._lock:
            self._known.clear()

    def _find_serving(self, digest: str) -> Generation:
        mine = [each for each in self.list() if each.definitions == digest]
        for each in reversed(mine):
            if each.state == "serving" and self._is_there(each.number):
                return self._opened(each.number, digest)
        building = [each for each in mine if each.state == "building"]
        raise ViewsRebuilding(building[-1] if building else None)

    def _register(self, digest: str, *, unless_begun: bool) -> int:
        columns = generations.c
        every = select(columns.number, columns.definitions, columns.state).where(columns.book == "")
        for _ in range(_ATTEMPTS):
            try:
                with writing(self._engine) as connection:
                    # Whoever finds the same list wants the same number, and only one gets it.
                    found = connection.execute(every).all()
                    if unless_begun:
                        self._must_not_be_begun(digest, [_registered(*row) for row in found])
                    number = max((row.number for row in found), default=0) + 1
                    row = {
                        "book": "",
                        "number": number,
                        "definitions": digest,
                        "state": "building 0 0 0",
                        "created_at": written(self._clock()),
                    }
                    connection.execute(insert(generations), row)
                    connection.execute(
                        delete(generations).where(
                            generations.c.book == "", generations.c.state == _DROPPED
                        )
                    )
            except IntegrityError:
                continue
            return number
        raise RuntimeError("too many generations are begun at once")

    def _must_not_be_begun(self, digest: str, found: Sequence[Registered]) -> None:
        for each in found:
            serves = each.state == "serving" and self._is_there(each.number)
            if each.definitions == digest and (serves or each.state == "building"):
                raise ViewsRebuilding(each)

    def _update(self, number: int, state: str) -> None:
        with writing(self._engine) as connection:
            connection.execute(
                update(generations)
                .where(generations.c.book == "", generations.c.number == number)
                .values(state=state)
            )

    def _opened(self, number: int, digest: str) -> Generation:
        with self._lock:
            generation = self._open.get(number)
            if generation is None:
                generation = self._open[number] = self._at(number, digest)
            return generation

    def _at(self, number: int, digest: str) -> Generation:
        if self._engine.dialect.name == "sqlite":
            return sqlite_generation(self._file(number), number, digest)
        return postgresql_generation(self._engine, f"views_{number}", number, digest)

    def _is_there(self, number: int) -> bool:
        # Somebody may have thrown the files away to have them built again: that is their right.
        return self._engine.dialect.name != "sqlite" or self._file(number).exists()

    def _file(self, number: int) -> Path:
        return self._location / f"views-{number}.db"


def _registered(number: int, definitions: str, state: str) -> Registered:
    match state.split():
        case ["building", facts, total, pulse]:
            return Registered(number, definitions, "building", int(facts), int(total), int(pulse))
        case ["serving"]:
            return Registered(number, definitions, "serving")
        case _:
            return Registered(number, definitions, "kept")
