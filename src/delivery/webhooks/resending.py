"""Resending: one delivery, all of an endpoint that failed, or a range of facts as a replay."""

from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, Table, func, select

from commands.webhook_replays import PlannedReplay
from delivery.cursors import FAILED, RETRYING, WAITING, Behind, Cursor, DeliveryKey, begin
from delivery.webhooks.delivery_ids import LIVE
from domain.errors import RuleBroken
from domain.event_types import customer_of
from ledger.append import StoredFact
from ledger.bulk_statements import put_rows
from ledger.database import writing
from ledger.facts import FactMapper
from ledger.schema import deliveries, delivery_attempts, delivery_cursors

_MAPPER: Final = FactMapper()


class WaitsForAnother(RuleBroken):
    """An earlier one of the same customer is not done, and comes first."""

    def __init__(self) -> None:
        super().__init__(
            "it waits for an earlier one of the same customer, and is sent right after it",
            status="pending",
        )


class NotToldYet(RuleBroken):
    """The endpoint has not come that far: it would be told of it twice."""

    def __init__(self) -> None:
        super().__init__(
            "the endpoint has not come to it yet, and is told of it in its turn", status="pending"
        )


def resend(engine: Engine, stored: StoredFact, follower: str, moment: str) -> DeliveryKey:
    """Has the fact sent once more, at once, as a live delivery.

    Raises WaitsForAnother, NotToldYet.
    """
    fact = _MAPPER.decode(stored)
    key = DeliveryKey(follower, LIVE, stored.position)
    with writing(engine) as connection:
        state = _state(connection, stored.book, key)
        if state == WAITING:
            raise WaitsForAnother
        attempts = _attempts(connection, stored.book, key)
        if not (state or attempts) and _is_ahead(connection, stored.book, key):
            raise NotToldYet
        lane = customer_of(fact) or stored.stream
        row = Behind(stored.book, *key, lane, RETRYING, attempts, next_attempt_at=moment)
        put_rows(connection, deliveries, [row])
    return key


def resend_failed(engine: Engine, book: str, follower: str, moment: str) -> int:
    """Has all that were given up sent once more, in order for each customer; how many."""
    column = deliveries.c
    mine = (column.book == book, column.follower == follower, column.cursor == LIVE)
    with writing(engine) as connection:
        begun = {"state": RETRYING, "next_attempt_at": moment}
        again = deliveries.update().where(*mine, column.state == FAILED).values(**begun)
        return connection.execute(again).rowcount


def retry_now(engine: Engine, book: str, follower: str, moment: str) -> None:
    """What is to be tried again later is due at once."""
    column = deliveries.c
    mine = (column.book == book, column.follower == follower, column.state == RETRYING)
    # Without an attempt it is under way: nobody knows yet whether it is to be tried again.
    later = (column.attempts > 0, column.next_attempt_at > moment)
    with writing(engine) as connection:
        connection.execute(deliveries.update().where(*mine, *later).values(next_attempt_at=moment))


def replay(engine: Engine, book: str, plan: PlannedReplay) -> None:
    """Tells what was recorded there, beside what happens meanwhile."""
    begin(engine, [Cursor(book, plan.endpoint_id, plan.id, plan.first - 1, plan.last)])


def _state(connection: Connection, book: str, key: DeliveryKey) -> str | None:
    column = deliveries.c
    query = select(column.state).where(column.position == key.position)
    return connection.execute(_of(query, deliveries, book, key)).scalar()


def _is_ahead(connection: Connection, book: str, key: DeliveryKey) -> bool:
    """Whether the cursor comes to it by itself, unless it has not begun: it then finds the row."""
    column = delivery_cursors.c
    query = select(column.position).where(column.position < key.position)
    return connection.execute(_of(query, delivery_cursors, book, key)).scalar() is not None


def _attempts(connection: Connection, book: str, key: DeliveryKey) -> int:
    """So many were made, as long as they are remembered: each has a number of its own."""
    column = delivery_attempts.c
    query = select(func.max(column.attempt)).where(column.position == key.position)
    return connection.execute(_of(query, delivery_attempts, book, key)).scalar() or 0


def _of(query: Select[Any], table: Table, book: str, key: DeliveryKey) -> Select[Any]:
    column = table.c
    mine = (column.book == book, column.follower == key.follower, column.cursor == key.cursor)
    return query.where(*mine)
