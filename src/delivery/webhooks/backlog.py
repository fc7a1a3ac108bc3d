"""Backlog: how much waits for an endpoint, since when, and how deliveries went for a while."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, case, func, select

from delivery.cursors import FAILED, RETRYING, Attempt
from delivery.webhooks.delivery_ids import LIVE, PROBE
from delivery.webhooks.outbound import about, of_endpoints
from delivery.webhooks.waiting import Telling, waits
from ledger.schema import deliveries, delivery_attempts, delivery_cursors, events

_MOST_TRIES: Final = 10

_attempt, _behind, _cursor = delivery_attempts.c, deliveries.c, delivery_cursors.c


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many wait, and since when the first of them does: a moment as the ledger writes it.

    Unless ``is_exact`` there are at least so many. ``failed`` are given up, and wait for nothing.
    While nothing can be told, ``down_since`` says since when, ``next_probe_at`` when it is tried
    again, and ``error`` why; all are empty otherwise. ``tries`` are the latest of those that did
    not count since then, the newest first; ``replays`` those under way.
    """

    position: int
    waiting: int
    is_exact: bool
    since: str | None
    failed: int
    down_since: str
    next_probe_at: str
    error: str
    tries: list[Attempt]
    replays: list[Telling]


@dataclass(frozen=True, slots=True)
class OutboundCounts:
    """``succeeded`` and ``retries`` of a while, the others as they stand.

    Unless ``is_exact`` there are at least so many ``pending``.
    """

    succeeded: int
    retries: int
    failed: int
    pending: int
    delivering: int
    is_exact: bool


def backlog(
    connection: Connection,
    book: str,
    tellings: Sequence[Telling],
    *,
    known: Collection[str] | None = None,
) -> Backlog:
    """Of one endpoint: first what tells it what happens, then what tells it again.

    ``known``: the topics of which whoever asks may know; None: all.
    """
    place = tellings[0].cursor
    since = place.failing_since if place.next_probe_at else ""
    wait = waits(connection, book, tellings, known)
    return Backlog(
        place.position,
        wait.number,
        wait.is_exact,
        wait.since,
        _given_up_of(connection, book, place.follower, known),
        since,
        place.next_probe_at,
        place.error,
        _tries(connection, book, place.follower, since) if since else [],
        [each for each in tellings[1:] if each.cursor.position < each.cursor.until],
    )


def failing(connection: Connection, book: str) -> dict[str, str]:
    """Which endpoints of a book fail, and since when: a moment as the ledger writes it."""
    query = select(_cursor.follower, _cursor.failing_since).where(
        _cursor.book == book, _cursor.cursor == LIVE, _cursor.failing_since > ""
    )
    return {row.follower: row.failing_since for row in connection.execute(query)}


def given_up(
    connection: Connection, book: str, most: int, known: Collection[str] | None = None
) -> tuple[int, str | None]:
    """How many deliveries of a book are given up, and when the first fact of these was recorded.

    More than ``most`` are not counted; ``known``: of these topics, None: of all.
    """
    some = select(_behind.position).where(
        _behind.book == book,
        _behind.cursor == LIVE,
        _behind.state == FAILED,
        *about(_behind, known),
    )
    positions = some.limit(most + 1).subquery()
    counted = select(func.count(), func.min(positions.c.position))
    count, first = connection.execute(counted).one()
    return count, _recorded_at(connection, book, first)


def replays_under_way(connection: Connection, book: str) -> int:
    """How many ranges of a book are being told again."""
    query = select(func.count()).where(_cursor.book == book, _cursor.position < _cursor.until)
    return connection.execute(query).scalar_one()


def outbound_counts(
    connection: Connection,
    book: str,
    tellings: Sequence[Telling],
    *,
    since: str,
    known: Collection[str] | None = None,
) -> OutboundCounts:
    """``since``: a moment, as the ledger writes it; ``known``: of these topics, None: of all."""
    arrived = case((_attempt.http_status.between(200, 299), 1), else_=0)
    again = case((_attempt.attempt > 1, 1), else_=0)
    asked = select(func.sum(arrived), func.sum(again)).where(
        _attempt.book == book,
        _attempt.at >= since,
        of_endpoints(_attempt),
        *about(_attempt, known),
    )
    succeeded, retries = connection.execute(asked).one()
    under_way = (_behind.state == RETRYING) & (_behind.attempts == 0)
    query = select(
        func.sum(case((_behind.state == FAILED, 1), else_=0)),
        func.sum(case((under_way, 1), else_=0)),
    ).where(_behind.book == book, *about(_behind, known))
    failed, delivering = (int(each or 0) for each in connection.execute(query).one())
    wait = waits(connection, book, tellings, known)
    pending = max(0, wait.number - delivering)
    return OutboundCounts(
        int(succeeded or 0), int(retries or 0), failed, pending, delivering, wait.is_exact
    )


def _given_up_of(
    connection: Connection, book: str, follower: str, known: Collection[str] | None
) -> int:
    mine = (_behind.book == book, _behind.follower == follower, _behind.cursor == LIVE)
    query = select(func.count()).where(*mine, _behind.state == FAILED, *about(_behind, known))
    return connection.execute(query).scalar_one()


def _tries(connection: Connection, book: str, follower: str, since: str) -> list[Attempt]:
    mine = (_attempt.book == book, _attempt.follower == follower, _attempt.cursor == PROBE)
    query = select(delivery_attempts).where(*mine, _attempt.at >= since)
    latest = query.order_by(_attempt.at.desc(), _attempt.attempt.desc()).limit(_MOST_TRIES)
    return [Attempt(*row) for row in connection.execute(latest)]


def _recorded_at(connection: Connection, book: str, position: int | None) -> str | None:
    at = select(events.c.recorded_at).where(events.c.book == book, events.c.position == position)
    return None if position is None else connection.execute(at).scalar()
