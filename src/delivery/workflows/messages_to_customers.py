"""Messages to customers: what workflows wrote to one of them, as entries of their timeline."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, Text, cast, func, literal, select

from delivery.workflows.doing import execution_id
from ledger.clock import written
from ledger.reading import ask
from ledger.schema import workflow_actions, workflow_executions
from projections.customer_history import HistoryEntry, Place, comes_after
from projections.engine.folding.timestamps import instant

_CHANNELS: Final = {"send_email": "email", "send_sms": "sms"}
_STATUSES: Final = {"success": "sent"}

_action, _execution = workflow_actions.c, workflow_executions.c
# As `doing` names what is done; here, so that it may be sorted and compared where it is stored.
_NAME: Final = (
    literal("exe_", Text)
    + func.substr(_action.rule, len("wf_") + 1, type_=Text)
    + literal("_", Text)
    + cast(_action.position, Text)
    + literal("_", Text)
    + cast(_action.number, Text)
)


def messages_to(
    engine: Engine,
    book: str,
    customer_id: str,
    after: Place | None,
    most: int,
    *,
    by: datetime | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> tuple[list[HistoryEntry], int]:
    """The newest that come after a place of the timeline, and how many there are in all.

    Sent, failed for good, or skipped for a reason, by a moment; not what was only tried out.
    `start` ≤ when < `end`.
    """
    of_customer = _of_customer(book, customer_id, by)
    if start is not None:
        of_customer = of_customer.where(_action.completed_at >= written(start))
    if end is not None:
        of_customer = of_customer.where(_action.completed_at < written(end))

    def read(connection: Connection) -> tuple[list[HistoryEntry], int]:
        total = connection.execute(select(func.count()).select_from(of_customer.subquery()))
        rows = connection.execute(_next(of_customer, after).limit(most))
        return [_entry(row) for row in rows], total.scalar_one()

    return ask(engine, read)


def _of_customer(book: str, customer_id: str, by: datetime | None) -> Select[Any]:
    same = [_action[name] == _execution[name] for name in ("book", "rule", "position")]
    found = (
        select(
            _NAME.label("id"),
            _action.rule,
            _action.position,
            _action.type,
            _action.state,
            _action.completed_at,
        )
        .join_from(workflow_executions, workflow_actions, same[0] & same[1] & same[2])
        .where(
            _execution.book == book,
            _execution.customer == customer_id,
            _execution.shadow == 0,
            _action.type.in_(_CHANNELS),
            _action.completed_at > "",
        )
    )
    return found if by is None else found.where(_action.completed_at <= written(by))


def _next(found: Select[Any], after: Place | None) -> Select[Any]:
    if after is not None:
        at, *named = after
        place = (written(instant(at)), *named)
        found = found.where(comes_after(place, "message", _action.completed_at, _NAME))
    return found.order_by(_action.completed_at.desc(), _NAME.desc())


def _entry(row: Any) -> HistoryEntry:
    return HistoryEntry(
        type="message",
        id=row.id,
        occurred_at=datetime.fromisoformat(row.completed_at),
        status=_STATUSES.get(row.state, row.state),
        amount=None,
        currency=None,
        description=_CHANNELS[row.type],
        source=None,
        source_id=row.rule,
        source_description=None,
        payment_id=None,
        execution_id=execution_id(row.rule, row.position),
    )
