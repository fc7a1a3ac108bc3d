"""Told of: which endpoints were told of given facts, as long as attempts are kept."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, select, tuple_

from delivery.cursors import Attempt
from delivery.webhooks.delivery_ids import ENDPOINT
from ledger.reading import ask
from ledger.schema import delivery_attempts

_attempt: Final = delivery_attempts.c
# Behind everything that begins as an endpoint does.
_BEHIND: Final = f"{ENDPOINT}\U0010ffff"


@dataclass(frozen=True, slots=True)
class Follower:
    """An endpoint, and the cursor by which it was told."""

    endpoint: str
    cursor: str


def followers(engine: Engine, book: str) -> list[Follower]:
    """Whoever was told anything of a book; each is one step into the index."""
    found: list[Follower] = []
    last = (ENDPOINT, "")
    place = tuple_(_attempt.follower, _attempt.cursor)
    while True:
        after = select(_attempt.follower, _attempt.cursor).where(
            _attempt.book == book, place > tuple_(*last), _attempt.follower < _BEHIND
        )
        first = after.order_by(_attempt.follower, _attempt.cursor).limit(1)
        row = ask(engine, lambda connection, query=first: connection.execute(query).first())  # type: ignore[misc]
        if row is None:
            return found
        last = (row.follower, row.cursor)
        found.append(Follower(*last))


def told_of(
    engine: Engine, book: str, follower: Follower, positions: Collection[int]
) -> list[Attempt]:
    """How a follower was told of some hundred facts, attempt after attempt."""
    query = (
        select(delivery_attempts)
        .where(
            _attempt.book == book,
            _attempt.follower == follower.endpoint,
            _attempt.cursor == follower.cursor,
            _attempt.position.in_(positions),
        )
        .order_by(_attempt.position, _attempt.attempt)
    )
    return ask(engine, lambda connection: [Attempt(*row) for row in connection.execute(query)])
