"""Executions: what followed, and what is still to be done, as it is stored.

An execution is keyed by rule and fact, and written in the transaction that moves the cursor past
the fact: so nothing starts a second one. An action that is due is taken by moving its moment into
the future, which one process can: should it die, another finds the action due again.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from ledger.bulk_statements import insert_missing
from ledger.database import writing
from ledger.reading import ask
from ledger.schema import workflow_actions, workflow_cursors, workflow_executions

ExecutionState = Literal["awaiting", "pending", "running", "completed", "failed"]
ActionState = Literal["pending", "retrying", "success", "failed", "skipped"]


class Execution(NamedTuple):
    """Moments as they are written; the empty text for what has not come yet."""

    book: str
    rule: str
    position: int
    rule_version: int
    customer: str
    shadow: int
    state: ExecutionState
    created_at: str
    started_at: str = ""
    completed_at: str = ""
    error: str = ""


class Step(NamedTuple):
    """An action of an execution; ``number``: its place among those of the rule, from 0."""

    book: str
    rule: str
    position: int
    number: int
    type: str
    state: ActionState
    due_at: str
    attempts: int = 0
    integration: str = ""
    template: str = ""
    template_version: int = 0
    started_at: str = ""
    completed_at: str = ""
    response: str = ""
    error: str = ""

    @property
    def is_over(self) -> bool:
        return self.state not in ("pending", "retrying")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What executions have in common; None, and no states, do not ask."""

    rule: str | None = None
    states: Collection[str] = ()
    customer: str | None = None


def reached(engine: Engine, book: str) -> int | None:
    """Up to which position of a book it has been looked what follows; None: nobody has looked."""
    query = select(workflow_cursors.c.position).where(workflow_cursors.c.book == book)
    return ask(engine, lambda connection: connection.execute(query).scalar())


def begin(engine: Engine, book: str, position: int) -> None:
    """Nothing follows from what happened up to there; unless somebody has begun already."""
    with writing(engine) as connection:
        insert_missing(connection, workflow_cursors, [{"book": book, "position": position}])


def move(
    engine: Engine,
    book: str,
    *,
    after: int,
    to: int,
    executions: Sequence[Execution] = (),
    steps: Sequence[Step] = (),
) -> bool:
    """Moves past what follows with what follows; False: another has moved it meanwhile.

    A move with nothing to show for it may be lost in a power cut: it is looked there again.
    """
    with writing(engine.execution_options(durable=bool(executions))) as connection:
        moved = update(workflow_cursors).where(
            workflow_cursors.c.book == book, workflow_cursors.c.position == after
        )
        if connection.execute(moved.values(position=to)).rowcount != 1:
            return False
        if executions:
            connection.execute(insert(workflow_executions), [e._asdict() for e in executions])
        if steps:
            connection.execute(insert(workflow_actions), [step._asdict() for step in steps])
        return True


def due(engine: Engine, book: str, *, now: str, limit: int) -> list[Step]:
    """What is to be done by now, in the order in which it fell due."""
    column = workflow_actions.c
    query = (
        select(workflow_actions)
        .where(column.book == book, column.due_at > "", column.due_at <= now)
        .order_by(column.due_at, column.rule, column.position, column.number)
        .limit(limit)
    )
    return ask(engine, lambda connection: [Step(*row) for row in connection.execute(query)])


def next_due(engine: Engine, book: str) -> str | None:
    """When the next action falls due; None: none is to be done."""
    column = workflow_actions.c
    query = select(column.due_at).where(column.book == book, column.due_at > "")
    query = query.order_by(column.due_at).limit(1)
    return ask(engine, lambda connection: connection.execute(query).scalar())


def take(engine: Engine, steps: Iterable[Step], *, now: str, until: str) -> list[Step]:
    """Those of them that are now to be done by who asks, and by nobody else until then."""
    taken: list[Step] = []
    with writing(engine) as connection:
        for step in steps:
            mine = step._replace(
                due_at=until, attempts=step.attempts + 1, started_at=step.started_at or now
            )
            as_seen = (
                workflow_actions.c.due_at == step.due_at,
                workflow_actions.c.attempts == step.attempts,
            )
            if _write(connection, mine, *as_seen):
                taken.append(mine)
                _begin(connection, mine, now)
    return taken


def record(engine: Engine, taken: Step, after: Step, *, now: str) -> bool:
    """What came of what was taken, and of the execution if that was its last action.

    False: it took so long that another has taken it, who will say what came of it.
    """
    with writing(engine) as connection:
        # Of two who end its last actions at once, the second sees what the first has written.
        mine = _of(workflow_executions, taken)
        connection.execute(select(workflow_executions.c.state).where(*mine).with_for_update()).all()
        as_taken = (
            workflow_actions.c.due_at == taken.due_at,
            workflow_actions.c.attempts == taken.attempts,
        )
        if not _write(connection, after, *as_taken):
            return False
        if after.is_over:
            _end(connection, after, now)
        return True


def forget(engine: Engine, execution: Execution) -> None:
    """Nothing follows after all: its conditions were not met when its turn came."""
    with writing(engine) as connection:
        for table in (workflow_actions, workflow_executions):
            connection.execute(delete(table).where(*_of(table, execution)))


def confirm(engine: Engine, execution: Execution, *, now: str) -> None:
    """Its conditions are met: now it is one."""
    with writing(engine) as connection:
        mine = _of(workflow_executions, execution)
        awaiting = workflow_executions.c.state == "awaiting"
        values = {"state": "running", "customer": execution.customer, "started_at": now}
        connection.execute(update(workflow_executions).where(*mine, awaiting).values(**values))


def execution(engine: Engine, book: str, rule: str, position: int) -> Execution | None:
    query = select(workflow_executions).where(
        workflow_executions.c.book == book,
        workflow_executions.c.rule == rule,
        workflow_executions.c.position == position,
    )
    found = ask(engine, lambda connection: connection.execute(query).one_or_none())
    return None if found is None else Execution(*found)


def steps_of(engine: Engine, book: str, rule: str, position: int) -> list[Step]:
    """Its actions, in their order."""
    column = workflow_actions.c
    query = select(workflow_actions).where(
        column.book == book, column.rule == rule, column.position == position
    )
    query = query.order_by(column.number)
    return ask(engine, lambda connection: [Step(*row) for row in connection.execute(query)])


def last_through(engine: Engine, book: str, integration: str) -> Step | None:
    """The last action that was over and left, or failed to leave, through an integration."""
    column = workflow_actions.c
    query = (
        select(workflow_actions)
        .where(column.book == book, column.integration == integration, column.completed_at > "")
        .order_by(column.completed_at.desc())
        .limit(1)
    )
    found = ask(engine, lambda connection: connection.execute(query).one_or_none())
    return None if found is None else Step(*found)


def executions_of(
    engine: Engine, book: str, wanted: Wanted, *, limit: int, offset: int = 0
) -> list[Execution]:
    """Newest first; what awaits its turn to ask its conditions is none yet."""
    column = workflow_executions.c
    query = (
        select(workflow_executions)
        .where(*_wanted(book, wanted))
        .order_by(column.created_at.desc(), column.position.desc(), column.rule.desc())
        .limit(limit)
        .offset(offset)
    )
    return ask(engine, lambda connection: [Execution(*row) for row in connection.execute(query)])


def count(engine: Engine, book: str, wanted: Wanted) -> int:
    query = select(func.count()).select_from(workflow_executions).where(*_wanted(book, wanted))
    return ask(engine, lambda connection: connection.execute(query).scalar_one())


def _wanted(book: str, wanted: Wanted) -> list[ColumnElement[bool]]:
    column = workflow_executions.c
    found = [column.book == book]
    if wanted.rule is not None:
        found.append(column.rule == wanted.rule)
    if wanted.customer is not None:
        found.append(column.customer == wanted.customer)
    found.append(column.state.in_(wanted.states) if wanted.states else column.state != "awaiting")
    return found


def _write(connection: Connection, step: Step, *as_seen: ColumnElement[bool]) -> bool:
    changed = update(workflow_actions).where(
        *_of(workflow_actions, step), workflow_actions.c.number == step.number, *as_seen
    )
    return connection.execute(changed.values(**step._asdict())).rowcount == 1


def _begin(connection: Connection, step: Step, now: str) -> None:
    column = workflow_executions.c
    fresh = (column.state == "pending", *_of(workflow_executions, step))
    values = {"state": "running", "started_at": now}
    connection.execute(update(workflow_executions).where(*fresh).values(**values))


def _end(connection: Connection, step: Step, now: str) -> None:
    """The execution is over with the last of its actions, and failed if one of them has."""
    mine = _of(workflow_executions, step)
    column = workflow_actions.c
    states = select(column.state, column.error).where(*_of(workflow_actions, step))
    found = connection.execute(states.order_by(column.number)).all()
    if any(state in ("pending", "retrying") for state, _ in found):
        return
    errors = [error for state, error in found if state == "failed"]
    values = {
        "state": "failed" if errors else "completed",
        "completed_at": now,
        "error": errors[0] if errors else "",
    }
    connection.execute(update(workflow_executions).where(*mine).values(**values))


def _of(table: object, row: Execution | Step) -> tuple[ColumnElement[bool], ...]:
    column = table.c  # type: ignore[attr-defined]
    return (column.book == row.book, column.rule == row.rule, column.position == row.position)
