"""Told again: one delivery, all of an endpoint that failed, or a range of facts as a replay."""

from typing import Final

from sqlalchemy import Connection, Engine, func, select

from commands.webhook_replays import PlannedReplay
from delivery.cursors import FAILED, RETRYING, WAITING, Behind, Cursor, begin
from delivery.webhooks.delivery_ids import LIVE, DeliveryKey
from domain.errors import RuleBroken
from domain.event_types import customer_of
from ledger.append import StoredFact
from ledger.bulk_statements import put_rows
from ledger.database import writing
from ledger.facts import FactMapper
from ledger.schema import deliveries, delivery_attempts

_MAPPER: Final = FactMapper()


class WaitsForAnother(RuleBroken):
    """An earlier one of the same customer is not done, and comes first."""

    def __init__(self) -> None:
        super().__init__(
            "it waits for an earlier one of the same customer, and is sent right after it",
            status="pending",
        )


def resend(engine: Engine, stored: StoredFact, follower: str, moment: str) -> DeliveryKey:
    """Has the fact sent once more, at once, as a live delivery. Raises WaitsForAnother."""
    fact = _MAPPER.decode(stored)
    key = DeliveryKey(follower, LIVE, stored.position)
    with writing(engine) as connection:
        if _state(connection, stored.book, key) == WAITING:
            raise WaitsForAnother
        row = Behind(
            stored.book,
            *key,
            lane=customer_of(fact) or stored.stream,
            state=RETRYING,
            attempts=_attempts(connection, stored.book, key),
            next_attempt_at=moment,
        )
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


def replay(engine: Engine, book: str, plan: PlannedReplay) -> None:
    """Tells what was recorded there, beside what happens meanwhile."""
    begin(engine, [Cursor(book, plan.endpoint_id, plan.id, plan.first - 1, plan.last)])


def _state(connection: Connection, book: str, key: DeliveryKey) -> str | None:
    column = deliveries.c
    mine = (column.book == book, column.follower == key.follower, column.cursor == key.cursor)
    query = select(column.state).where(*mine, column.position == key.position)
    return connection.execute(query).scalar()


def _attempts(connection: Connection, book: str, key: DeliveryKey) -> int:
    """So many were made, as long as they are remembered: each has a number of its own."""
    column = delivery_attempts.c
    mine = (column.book == book, column.follower == key.follower, column.cursor == key.cursor)
    query = select(func.max(column.attempt)).where(*mine, column.position == key.position)
    return connection.execute(query).scalar() or 0
