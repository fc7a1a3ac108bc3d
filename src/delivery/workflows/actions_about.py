"""Actions about a customer: what workflows did that is about them, the first first."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine, Row, select, tuple_

from delivery.workflows.executions import Step
from ledger.reading import ask
from ledger.schema import workflow_actions, workflow_executions

_STEP: Final = 500
_action, _execution = workflow_actions.c, workflow_executions.c


class ActionAbout(NamedTuple):
    """An action that is over, and the version of the rule that it is one of."""

    step: Step
    rule_version: int


def actions_about(engine: Engine, book: str, customer_id: str) -> Iterator[ActionAbout]:
    """Sent, failed for good, or skipped for a reason; not what was only tried out.

    Read some hundreds at a time.
    """
    place = (_execution.created_at, _execution.position, _execution.rule, _action.number)
    same = [_action[name] == _execution[name] for name in ("book", "rule", "position")]
    query = (
        select(*workflow_actions.c, _execution.rule_version, _execution.created_at)
        .join_from(workflow_executions, workflow_actions, same[0] & same[1] & same[2])
        .where(
            _execution.book == book,
            _execution.customer == customer_id,
            _execution.shadow == 0,
            _action.completed_at > "",
        )
        .order_by(*place)
        .limit(_STEP)
    )
    rows = _read(engine, query)
    while rows:
        for row in rows:
            yield ActionAbout(_step(row), row.rule_version)
        last = _step(rows[-1])
        after = (rows[-1].created_at, last.position, last.rule, last.number)
        rows = _read(engine, query.where(tuple_(*place) > tuple_(*after)))


def _step(row: Row[Any]) -> Step:
    values: list[Any] = list(row)
    return Step(*values[:-2])


def _read(engine: Engine, query: Any) -> list[Row[Any]]:
    return ask(engine, lambda connection: list(connection.execute(query)))
