"""Runs: rebuilds and verifications of the whole store, whoever carries them out.

A table of the ledger holds what was asked for, how far it is and what came of it, so that all
processes agree, and whoever was asked may end. Who carries a run out says so every second; when
they are gone it is begun again by another, or it was interrupted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.errors import Conflict, NotFound, RuleBroken
from ledger.clock import Clock, written
from ledger.database import writing
from ledger.lease import moment_after, moment_in
from ledger.reading import ask
from ledger.schema import maintenance_runs

Kind = Literal["rebuild", "verify"]
Ending = Literal["done", "failed", "canceled"]
State = Literal["waiting", "running", "interrupted", "done", "failed", "canceled"]

# Somebody is at it, or is to be.
UNDER_WAY: Final[tuple[State, ...]] = ("waiting", "running")

HELD_SECONDS: Final = 10.0
# What ends every process that carries it out is not begun for ever.
_TRIES: Final = 3
_KEPT: Final = 50
_ATTEMPTS: Final = 20
_OPEN: Final = "open"
_NOTHING_YET: Final = {
    **dict.fromkeys(("book", "began_at", "ended_at", "holder", "report"), ""),
    **dict.fromkeys(("held_until", "facts", "total"), 0),
    "state": _OPEN,
}


@dataclass(frozen=True, slots=True)
class Run:
    """`facts` of `total` are read again. `organization` has asked, or nobody but the operator.

    Moments are RFC 3339 text in UTC; `report` is JSON, once there is one.
    """

    number: int
    kind: Kind
    state: State
    organization: str
    asked_by: str
    asked_at: str
    began_at: str | None
    ended_at: str | None
    facts: int
    total: int
    report: str | None

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY


class RunUnderWay(Conflict):
    code = "run_under_way"

    def __init__(self, run: Run) -> None:
        what = "rebuild" if run.kind == "rebuild" else "verification"
        super().__init__(f"a {what} is under way: run {run.number}", run=run.number)


class RunNotFound(NotFound):
    code = "run_not_found"

    def __init__(self, number: int | str) -> None:
        super().__init__(f"no run {number}", run=number)


class RunIsOver(RuleBroken):
    def __init__(self, run: Run) -> None:
        super().__init__(f"run {run.number} is over: {run.state}", run=run.number)


class Runs:
    """The runs of one store; each change is one transaction."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def latest(self) -> list[Run]:
        """Those that are remembered, the latest first."""
        return ask(self._engine, _listed)

    def ask(self, kind: Kind, *, organization: str, asked_by: str) -> Run:
        """Something for whoever folds to carry out. Raises RunUnderWay while there is another."""
        asked = {"organization": organization, "asked_by": asked_by, "tries_left": _TRIES}
        return self._registered(kind, asked, _nothing_may_be_under_way)

    def begin(self, kind: Kind, *, holder: str) -> Run:
        """What the operator carries out here and now, whatever else is under way."""
        with self._engine.connect() as connection:
            held_until = moment_after(moment_in(connection), HELD_SECONDS)
        asked = {"organization": "", "asked_by": "operator", "tries_left": 0}
        held = {"holder": holder, "held_until": held_until, "began_at": written(self._clock())}
        return self._registered(kind, asked | held)

    def take(self, *, holder: str) -> Run | None:
        """The first that nobody is at, for whoever is going to carry it out."""
        waiting = [run for run in ask(self._engine, _open_ones) if run.state == "waiting"]
        return next((run for run in reversed(waiting) if self._is_taken(run, holder)), None)

    def note(self, run: Run, holder: str, *, facts: int, total: int) -> bool:
        """How far it is; False when it was canceled, or taken by another."""
        with writing(self._engine) as connection:
            held_until = moment_after(moment_in(connection), HELD_SECONDS)
            said = {"facts": facts, "total": total, "held_until": held_until}
            return _changed(connection, run, said, holder=holder)

    def let_go(self, run: Run, holder: str) -> None:
        """Another may go on with it at once, and has as many tries as this one had."""
        columns = maintenance_runs.c
        with writing(self._engine) as connection:
            free = {"held_until": 0, "tries_left": columns.tries_left + 1}
            _changed(connection, run, free, holder=holder)

    def end(self, run: Run, holder: str, ending: Ending, *, report: str = "") -> bool:
        """What came of it; False when it was canceled before."""
        with writing(self._engine) as connection:
            return self.end_within(connection, run, holder, ending, report=report)

    def end_within(
        self, connection: Connection, run: Run, holder: str, ending: Ending, *, report: str = ""
    ) -> bool:
        """The same as a part of what it is the end of, so that both are so or neither."""
        said = {"state": ending, "report": report, "ended_at": written(self._clock())}
        return _changed(connection, run, said, holder=holder)

    def cancel(self, number: int) -> Run:
        """Whoever is at it stops within seconds. Raises RunNotFound, and RunIsOver."""
        run = self._named(number)
        if run.state != "canceled":
            said = {"state": "canceled", "ended_at": written(self._clock())}
            with writing(self._engine) as connection:
                is_canceled = run.is_under_way and _changed(connection, run, said)
            run = self._named(number)
            if not is_canceled:
                raise RunIsOver(run)
        return run

    def _named(self, number: int) -> Run:
        this = maintenance_runs.c.number == number
        found = ask(self._engine, lambda connection: _listed(connection, this))
        if not found:
            raise RunNotFound(number)
        return found[0]

    def _is_taken(self, run: Run, holder: str) -> bool:
        columns = maintenance_runs.c
        with writing(self._engine) as connection:
            now = moment_in(connection)
            taken = {
                "holder": holder,
                "held_until": moment_after(now, HELD_SECONDS),
                "tries_left": columns.tries_left - 1,
                "began_at": written(self._clock()),
                "facts": 0,
            }
            free = (columns.held_until <= now, columns.tries_left > 0)
            return _changed(connection, run, taken, *free)

    def _registered(
        self, kind: Kind, asked: dict[str, Any], check: Callable[[list[Run]], None] | None = None
    ) -> Run:
        for _ in range(_ATTEMPTS):
            try:
                with writing(self._engine) as connection:
                    # Whoever finds the same list wants the same number, and only one gets it.
                    found = _listed(connection)
                    if check is not None:
                        check(found)
                    number = found[0].number + 1 if found else 1
                    row = {"number": number, "kind": kind, "asked_at": written(self._clock())}
                    connection.execute(insert(maintenance_runs), _NOTHING_YET | row | asked)
                    _forget_up_to(connection, number - _KEPT)
            except IntegrityError:
                continue
            return self._named(number)
        raise RuntimeError("too many runs are asked for at once")


def _nothing_may_be_under_way(found: list[Run]) -> None:
    for run in found:
        if run.is_under_way:
            raise RunUnderWay(run)


def _open_ones(connection: Connection) -> list[Run]:
    """Without those that are over: they have reports, which may be long."""
    return _listed(connection, maintenance_runs.c.state == _OPEN)


def _listed(connection: Connection, *conditions: Any) -> list[Run]:
    columns, now = maintenance_runs.c, moment_in(connection)
    mine = select(maintenance_runs).where(columns.book == "", *conditions)
    latest_first = mine.order_by(columns.number.desc())
    return [_run(row, now) for row in connection.execute(latest_first)]


def _run(row: Any, now: int) -> Run:
    state = row.state
    if state == _OPEN and row.held_until > now:
        state = "running"
    elif state == _OPEN:
        state = "waiting" if row.tries_left else "interrupted"
    return Run(
        row.number,
        row.kind,
        state,
        row.organization,
        row.asked_by,
        row.asked_at,
        row.began_at or None,
        row.ended_at or None,
        row.facts,
        row.total,
        row.report or None,
    )


def _changed(
    connection: Connection,
    run: Run,
    said: dict[str, Any],
    *conditions: Any,
    holder: str | None = None,
) -> bool:
    """Whether it was there to be changed: not over yet, and held by whoever says so."""
    columns = maintenance_runs.c
    mine = (columns.book == "", columns.number == run.number, columns.state == _OPEN)
    held = () if holder is None else (columns.holder == holder,)
    changed = update(maintenance_runs).where(*mine, *held, *conditions).values(said)
    return connection.execute(changed).rowcount == 1


def _forget_up_to(connection: Connection, number: int) -> None:
    columns = maintenance_runs.c
    connection.execute(delete(maintenance_runs).where(columns.book == "", columns.number <= number))
