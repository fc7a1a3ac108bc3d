"""Backlog: how much waits for an endpoint, since when, and how deliveries went for a while."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, Select, case, exists, func, select

from delivery.cursors import FAILED, RETRYING, WAITING, Cursor
from delivery.webhooks.delivery_ids import ENDPOINT, LIVE
from ledger.append import StoredFact
from ledger.facts import FactMapper
from ledger.schema import deliveries, delivery_attempts, delivery_cursors, events

# So many facts are looked at to count what waits; there may be millions.
_MOST_COUNTED: Final = 10_000
_MAPPER: Final = FactMapper()

_attempt, _behind, _cursor = delivery_attempts.c, deliveries.c, delivery_cursors.c


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many wait, and since when the first of them does: a moment as the ledger writes it.

    Unless ``is_exact`` there are at least so many. ``failed`` are given up, and wait for nothing.
    While nothing can be told, ``down_since`` says since when, ``next_probe_at`` when it is tried
    again, and ``error`` why; all are empty otherwise. ``replays`` are those under way.
    """

    position: int
    waiting: int
    is_exact: bool
    since: str | None
    failed: int
    down_since: str
    next_probe_at: str
    error: str
    replays: list[Cursor]


@dataclass(frozen=True, slots=True)
class OutboundCounts:
    """``succeeded`` and ``retries`` of a while, the others as they stand."""

    succeeded: int
    retries: int
    failed: int
    pending: int
    delivering: int


def backlog(
    connection: Connection,
    book: str,
    follower: str,
    topics: Collection[str],
    *,
    begins: int,
    history_upto: int,
    known: Collection[str] | None = None,
) -> Backlog:
    """Of an endpoint that is told these topics; ``begins``: where, unless it has begun.

    ``history_upto``: what was history when it was recorded is told up to there, and not after it.

    ``known``: the topics of which whoever asks may know; None: all.
    """
    query = select(delivery_cursors).where(_cursor.book == book, _cursor.follower == follower)
    cursors = {row.cursor: Cursor(*row) for row in connection.execute(query)}
    place = cursors.pop(LIVE, None) or Cursor(book, follower, LIVE, begins)
    ahead, first, is_exact = _ahead(connection, book, place.position, topics, history_upto)
    behind, first_behind, failed = _behind_it(connection, book, follower, known)
    return Backlog(
        place.position,
        ahead + behind,
        is_exact,
        min((each for each in (first, first_behind) if each), default=None),
        failed,
        place.failing_since if place.next_probe_at else "",
        place.next_probe_at,
        place.error,
        [cursor for cursor in cursors.values() if cursor.position < cursor.until],
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
    connection: Connection, book: str, *, since: str, known: Collection[str] | None = None
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
    new = case((_behind.attempts == 0, 1), else_=0)
    query = select(_behind.state, func.count(), func.sum(new)).where(
        _behind.book == book, *about(_behind, known)
    )
    states = {state: row for state, *row in connection.execute(query.group_by(_behind.state))}
    retrying, delivering = states.get(RETRYING, (0, 0))
    waiting, failed = (states.get(state, (0, 0))[0] for state in (WAITING, FAILED))
    pending = retrying - int(delivering) + waiting
    return OutboundCounts(int(succeeded or 0), int(retries or 0), failed, pending, int(delivering))


def about(column: Any, topics: Collection[str] | None) -> tuple[ColumnElement[bool], ...]:
    """That what is delivered has one of these topics; None: nothing is asked."""
    if topics is None:
        return ()
    fact = (events.c.book == column.book, events.c.position == column.position)
    return (exists().where(*fact, events.c.topic.in_(topics)),)


def of_endpoints(column: Any) -> ColumnElement[bool]:
    """That it is an attempt to tell an endpoint, and none of a workflow."""
    mine: ColumnElement[bool] = column.follower.startswith(ENDPOINT, autoescape=True)
    return mine


def _ahead(
    connection: Connection,
    book: str,
    position: int,
    topics: Collection[str],
    history_upto: int,
) -> tuple[int, str | None, bool]:
    """What the cursor has not come to: how many, when the first was recorded, whether all."""
    column = events.c
    query = (
        select(events)
        .where(column.book == book, column.position > position)
        .order_by(column.position)
        .limit(_MOST_COUNTED + 1)
    )
    rows = connection.execute(query).all()
    told = [
        row.recorded_at
        for row in rows[:_MOST_COUNTED]
        if row.topic in topics and (row.position <= history_upto or not _is_history(row))
    ]
    return len(told), next(iter(told), None), len(rows) <= _MOST_COUNTED


def _is_history(row: Any) -> bool:
    happened_at: str = orjson.loads(row.data)["occurred_at"]
    # What happened on the day it was recorded is none: so most of them need not be decoded.
    is_of_the_day = happened_at[:10] == row.recorded_at[:10]
    return not is_of_the_day and _MAPPER.decode(StoredFact(*row)).is_history


def _behind_it(
    connection: Connection, book: str, follower: str, known: Collection[str] | None
) -> tuple[int, str | None, int]:
    """What it has gone past: how many wait, when the first was recorded, how many are given up."""
    rows = _of(select(_behind.state, func.count(), func.min(_behind.position)), book, follower)
    rows = rows.where(*about(_behind, known))
    found = {state: (n, first) for state, n, first in connection.execute(rows)}
    failed = found.pop(FAILED, (0, 0))[0]
    if not found:
        return 0, None, failed
    first = min(position for _, position in found.values())
    waiting = sum(n for n, _ in found.values())
    return waiting, _recorded_at(connection, book, first), failed


def _recorded_at(connection: Connection, book: str, position: int | None) -> str | None:
    at = select(events.c.recorded_at).where(events.c.book == book, events.c.position == position)
    return None if position is None else connection.execute(at).scalar()


def _of(query: Select[Any], book: str, follower: str) -> Select[Any]:
    mine = (_behind.book == book, _behind.follower == follower, _behind.cursor == LIVE)
    return query.where(*mine).group_by(_behind.state)
