"""Registry of generations: a table of the ledger, so that all processes agree on it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Engine, case, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ledger.clock import Clock, written
from ledger.database import writing
from ledger.schema import generations

State = Literal["building", "kept", "serving"]

_DROPPED = "dropped"
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Registered:
    """A generation in the list. `facts` of `total` are folded while it is being built.

    `definitions` is the digest of those it was made for; `created_at` is RFC 3339 text in UTC.
    """

    number: int
    definitions: str
    state: State
    facts: int = 0
    total: int = 0
    heartbeat: int = 0
    created_at: str = ""


class NoSuchGeneration(LookupError):  # noqa: N818 (an answer to whoever named it)
    def __init__(self, number: int) -> None:
        super().__init__(f"there is no generation {number} that could serve this release")


class Registry:
    """Numbers, states and builders' heartbeats; each change is one transaction."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def all(self) -> list[Registered]:
        """All generations, oldest first."""
        with self._engine.connect() as connection:
            return [_registered(*row) for row in connection.execute(_ALL)]

    def register(
        self, definitions: str, *, check: Callable[[Sequence[Registered]], None] | None = None
    ) -> int:
        """A new number, above every other there was, for a generation that is being built.

        ``check`` is shown those there are, and may raise: of those who begin at the same moment
        each is shown the ones before it.
        """
        for _ in range(_ATTEMPTS):
            try:
                with writing(self._engine) as connection:
                    # Whoever finds the same list wants the same number, and only one gets it.
                    found = connection.execute(_EVER).all()
                    if check is not None:
                        check([_registered(*row) for row in found if row.state != _DROPPED])
                    number = max((row.number for row in found), default=0) + 1
                    row = {
                        "book": "",
                        "number": number,
                        "definitions": definitions,
                        "state": "building 0 0 0",
                        "created_at": written(self._clock()),
                    }
                    connection.execute(insert(generations), row)
            except IntegrityError:
                continue
            return number
        raise RuntimeError("too many generations are begun at once")

    def note(self, number: int, facts: int, total: int, heartbeat: int) -> None:
        """How far a build is; nothing happens when it is no build any more."""
        self._mark(number, f"building {facts} {total} {heartbeat}", ("building",))

    def serve(
        self,
        number: int,
        states: Sequence[State],
        is_there: Callable[[int], bool],
        with_it: Callable[[Connection], None],
    ) -> list[Registered]:
        """Let it serve its definitions instead of those that do, which are answered.

        ``with_it`` writes what becomes true with that, and by what it raises nothing does.
        Raises NoSuchGeneration unless it is in one of these states.
        """
        columns = generations.c
        with writing(self._engine) as connection:
            # Locked, so that two who switch at once do so one after the other.
            found = [_registered(*row) for row in connection.execute(_ALL.with_for_update())]
            one = next((each for each in found if each.number == number), None)
            if one is None or one.state not in states or not is_there(number):
                raise NoSuchGeneration(number)
            connection.execute(
                update(generations)
                .where(columns.book == "", columns.definitions == one.definitions)
                .where(or_(columns.number == number, columns.state == "serving"))
                .values(state=case((columns.number == number, "serving"), else_="kept"))
            )
            with_it(connection)
        same = [each for each in found if each.definitions == one.definitions]
        return [each for each in same if each.state == "serving" and each.number != number]

    def drop(self, number: int, states: Iterable[State]) -> bool:
        """Take it off the list if it is in one of these states; whether it was.

        It is `dropped` until its tables are gone for certain: see `forget`.
        """
        return self._mark(number, _DROPPED, states)

    def dropped(self) -> list[int]:
        """The numbers that were taken off the list; something of their tables may be left."""
        with self._engine.connect() as connection:
            return [row.number for row in connection.execute(_EVER) if row.state == _DROPPED]

    def forget(self, numbers: Collection[int]) -> None:
        """Let go of dropped numbers of which nothing is left.

        The highest there is stays taken until a higher one is: it is not given a second time.
        """
        columns = generations.c
        with writing(self._engine) as connection:
            highest = max(row.number for row in connection.execute(_EVER))
            connection.execute(
                delete(generations).where(
                    columns.book == "",
                    columns.state == _DROPPED,
                    columns.number.in_(sorted(numbers)),
                    columns.number < highest,
                )
            )

    def _mark(self, number: int, state: str, states: Iterable[State]) -> bool:
        columns = generations.c
        with writing(self._engine) as connection:
            marked = connection.execute(
                update(generations)
                .where(columns.book == "", columns.number == number)
                .where(or_(*(columns.state.startswith(each) for each in states)))
                .values(state=state)
            )
        return marked.rowcount == 1


_EVER = select(
    generations.c.number,
    generations.c.definitions,
    generations.c.state,
    generations.c.created_at,
).where(generations.c.book == "")
_ALL = _EVER.where(generations.c.state != _DROPPED).order_by(generations.c.number)


def _registered(number: int, definitions: str, state: str, created_at: str) -> Registered:
    match state.split():
        case ["building", *numbers]:
            facts, total, heartbeat = (int(each) for each in numbers)
            return Registered(number, definitions, "building", facts, total, heartbeat, created_at)
        case ["serving"]:
            return Registered(number, definitions, "serving", created_at=created_at)
        case _:
            return Registered(number, definitions, "kept", created_at=created_at)
