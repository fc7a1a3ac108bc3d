"""Executions: what followed from facts by rules, as it is stored and as it is asked for.

An execution is keyed by rule and fact: so nothing starts a second one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, Table, exists, func, or_, select, tuple_

from delivery.cursors import Attempt
from ledger.reading import ask
from ledger.schema import delivery_attempts, workflow_actions, workflow_executions

ExecutionState = Literal["awaiting", "pending", "running", "completed", "failed"]
ActionState = Literal["pending", "retrying", "success", "failed", "skipped"]
# Of actions that are still to be done.
OPEN: Final = ("pending", "retrying")
# What follows a failure that may pass: so long until the next try, then it has failed.
DELAYS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
)


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
        return self.state not in OPEN


@dataclass(frozen=True, slots=True)
class Wanted:
    """What executions have in common; None does not ask.

    ``positions``: of the facts that they followed from; with the ``rules`` that may be asked
    about, each is one step into the index.
    """

    rules: Collection[str] | None = None
    positions: Collection[int] | None = None
    state: ExecutionState | None = None
    customer: str | None = None


def execution(engine: Engine, book: str, rule: str, position: int) -> Execution | None:
    query = select(workflow_executions).where(*keyed(workflow_executions, book, rule, position))
    found = ask(engine, lambda connection: connection.execute(query).one_or_none())
    return None if found is None else Execution(*found)


def steps_of(engine: Engine, book: str, rule: str, position: int) -> list[Step]:
    """Its actions, in their order."""
    mine = keyed(workflow_actions, book, rule, position)
    query = select(workflow_actions).where(*mine).order_by(workflow_actions.c.number)
    return ask(engine, lambda connection: [Step(*row) for row in connection.execute(query)])


def attempts_of(engine: Engine, book: str, rule: str, position: int) -> dict[int, list[Attempt]]:
    """How each try went, as long as that is kept; by the numbers of the actions, in order."""
    column = delivery_attempts.c
    query = (
        select(delivery_attempts)
        .where(column.book == book, column.follower == rule, column.position == position)
        .order_by(column.attempt)
    )
    found = ask(engine, lambda connection: [Attempt(*row) for row in connection.execute(query)])
    attempts: dict[int, list[Attempt]] = {}
    for attempt in found:
        attempts.setdefault(int(attempt.cursor), []).append(attempt)
    return attempts


@dataclass(frozen=True, slots=True)
class LastUse:
    """When something last left, or failed to leave, through an integration; "" for never.

    ``failed``: the last of what tells of the integration itself was given up after every try. What
    was refused for good is about one message, or one address, and says that somebody answered.
    """

    completed_at: str
    failed: bool


def last_use(engine: Engine, book: str, integration: str) -> LastUse:
    """What a shadow only said leaves through none."""
    column, of = workflow_actions.c, workflow_executions.c
    left = exists().where(*keyed(workflow_executions, book, column.rule, column.position))
    query = (
        select(column.completed_at, column.state)
        .where(column.book == book, column.integration == integration, column.completed_at > "")
        .where(column.state.in_(("success", "failed")), left.where(of.shadow == 0))
        .order_by(column.completed_at.desc())
        .limit(1)
    )
    telling = query.where(or_(column.state == "success", column.attempts > len(DELAYS)))

    def asked(connection: Connection) -> LastUse:
        last, told = (connection.execute(each).one_or_none() for each in (query, telling))
        return LastUse(last.completed_at if last else "", bool(told and told.state == "failed"))

    return ask(engine, asked)


def executions_of(
    engine: Engine,
    book: str,
    wanted: Wanted,
    *,
    limit: int,
    offset: int = 0,
    after: Execution | None = None,
) -> list[Execution]:
    """Newest first; what awaits its turn to ask its conditions is none yet.

    ``after``: those that come behind it in this order.
    """
    column = workflow_executions.c
    order = (column.created_at, column.position, column.rule)
    query = (
        select(workflow_executions)
        .where(*_wanted(book, wanted))
        .order_by(*(each.desc() for each in order))
        .limit(limit)
        .offset(offset)
    )
    if after is not None:
        query = query.where(tuple_(*order) < (after.created_at, after.position, after.rule))
    return ask(engine, lambda connection: [Execution(*row) for row in connection.execute(query)])


def count(engine: Engine, book: str, wanted: Wanted) -> int:
    query = select(func.count()).select_from(workflow_executions).where(*_wanted(book, wanted))
    return ask(engine, lambda connection: connection.execute(query).scalar_one())


def keyed(
    table: Table, book: str, rule: str | ColumnElement[str], position: int | ColumnElement[int]
) -> tuple[ColumnElement[bool], ...]:
    """What the rows of one execution have in common."""
    column = table.c
    return (column.book == book, column.rule == rule, column.position == position)


def _wanted(book: str, wanted: Wanted) -> list[ColumnElement[bool]]:
    column = workflow_executions.c
    found = [column.book == book]
    if wanted.rules is not None:
        found.append(column.rule.in_(wanted.rules))
    if wanted.positions is not None:
        found.append(column.position.in_(wanted.positions))
    if wanted.customer is not None:
        found.append(column.customer == wanted.customer)
    found.append(column.state == wanted.state if wanted.state else column.state != "awaiting")
    return found
