"""Due actions: what is still to be done, who does it, and what came of it.

An action that is due is taken by moving its moment into the future, which one process can: should
it die, another finds the action due again.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, select, update

from delivery.cursors import Attempt
from delivery.workflows.executions import OPEN, Execution, Step, keyed
from ledger.bulk_statements import put_rows
from ledger.database import writing
from ledger.reading import ask
from ledger.schema import delivery_attempts, workflow_actions, workflow_executions


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


def take(engine: Engine, steps: Iterable[Step], *, now: str, until: str) -> list[Step]:
    """Those of them that are now to be done by who asks, and by nobody else until then."""
    taken: list[Step] = []
    with writing(engine) as connection:
        for step in steps:
            mine = step._replace(
                due_at=until, attempts=step.attempts + 1, started_at=step.started_at or now
            )
            if _write(connection, mine, before=step):
                taken.append(mine)
                _begin(connection, mine, now)
    return taken


def give_back(engine: Engine, taken: Iterable[Step], *, due_at: str) -> None:
    """What was taken and could not be begun: it is due again by then, and this was no try."""
    with writing(engine) as connection:
        for step in taken:
            started_at = step.started_at if step.attempts > 1 else ""
            untried = step._replace(
                due_at=due_at, attempts=step.attempts - 1, started_at=started_at
            )
            _write(connection, untried, before=step)


def record(
    engine: Engine, taken: Step, after: Step, *, now: str, attempt: Attempt | None = None
) -> bool:
    """What came of what was taken, and of the execution if that was its last action.

    ``attempt``: how that went, if anything was tried. False: it took so long that another has
    taken it, who will say what came of it.
    """
    with writing(engine) as connection:
        # Of two who end its last actions at once, the second sees what the first has written.
        mine = _of(workflow_executions, taken)
        connection.execute(select(workflow_executions.c.state).where(*mine).with_for_update()).all()
        if not _write(connection, after, before=taken):
            return False
        put_rows(connection, delivery_attempts, [] if attempt is None else [attempt])
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


def _write(connection: Connection, step: Step, *, before: Step) -> bool:
    """False: somebody has written it since it was as before."""
    column = workflow_actions.c
    changed = update(workflow_actions).where(
        *_of(workflow_actions, step),
        column.number == step.number,
        column.due_at == before.due_at,
        column.attempts == before.attempts,
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
    if any(state in OPEN for state, _ in found):
        return
    errors = [error for state, error in found if state == "failed"]
    values = {
        "state": "failed" if errors else "completed",
        "completed_at": now,
        "error": errors[0] if errors else "",
    }
    connection.execute(update(workflow_executions).where(*mine).values(**values))


def _of(table: Table, row: Execution | Step) -> tuple[ColumnElement[bool], ...]:
    return keyed(table, row.book, row.rule, row.position)
