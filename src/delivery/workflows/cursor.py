"""Cursor: how far along a book it has been looked what follows, moved together with what does."""

from collections.abc import Sequence

from sqlalchemy import Engine, insert, select, update

from delivery.workflows.executions import Execution, Step
from ledger.bulk_statements import insert_missing
from ledger.database import writing
from ledger.reading import ask
from ledger.schema import workflow_actions, workflow_cursors, workflow_executions


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
