"""Outbound deliveries: what endpoints were told, what is behind, and how each attempt went."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
    tuple_,
)

from delivery.webhooks.delivery_ids import DeliveryKey
from ledger.schema import deliveries, delivery_attempts, events
from projections.engine.querying.pages import BadCursor, Page

SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
PENDING: Final = "pending"
DELIVERING: Final = "delivering"

_FAILED_FOR_GOOD: Final = "failed"
_SEPARATOR: Final = "~"
_attempt, _behind, _fact = delivery_attempts.c, deliveries.c, events.c
_arrived: ColumnElement[bool] = _attempt.http_status.between(200, 299)


@dataclass(frozen=True, slots=True)
class Outbound:
    """A delivery and its last attempt; ``at`` is empty, and ``http_status`` 0, before the first.

    ``state`` and ``next_attempt_at`` are empty once it is not behind any more.
    """

    key: DeliveryKey
    topic: str
    recorded_at: str
    attempts: int
    at: str
    url: str
    http_status: int
    error: str
    state: str
    next_attempt_at: str

    @property
    def has_arrived(self) -> bool:
        return 200 <= self.http_status < 300  # noqa: PLR2004 (as HTTP counts)

    @property
    def status(self) -> str:
        """In the words of the wire."""
        if self.state == _FAILED_FOR_GOOD:
            return FAILED
        if self.state:
            return DELIVERING if self._is_under_way else PENDING
        return SUCCEEDED if self.has_arrived else FAILED

    @property
    def _is_under_way(self) -> bool:
        """It was sent, and no answer came yet: a row without an attempt that is to be retried."""
        return self.state == "retrying" and self.attempts == 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries a list is of; what is None is not asked for."""

    follower: str | None = None
    url: str | None = None
    topics: Collection[str] | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class AttemptMade:
    """One attempt, as it went."""

    attempt: int
    at: str
    url: str
    http_status: int
    response: str
    milliseconds: int
    error: str


def outbound(
    connection: Connection,
    book: str,
    wanted: Wanted,
    *,
    limit: int,
    offset: int = 0,
    cursor: str | None = None,
) -> Page[Outbound]:
    """Those that were attempted last come first; of a status that is ahead, those of late facts.

    Unless asked by its status, what was never attempted is left out.
    """
    is_ahead = wanted.status in {PENDING, DELIVERING}
    query, order = _ahead() if is_ahead else _attempted()
    query = query.where(_whose(book, is_ahead=is_ahead), *_conditions(wanted))
    if cursor is not None:
        query = query.where(tuple_(*order) < tuple_(*_place(cursor, is_ahead=is_ahead)))
    query = query.order_by(*(each.desc() for each in order)).limit(limit + 1)
    rows = connection.execute(query.offset(0 if cursor else offset)).all()
    found = [_outbound(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(found, None, _token(found[-1], is_ahead=is_ahead) if more else None)


def outbound_named(connection: Connection, book: str, key: DeliveryKey) -> Outbound | None:
    """One of them; None when it was never attempted, or long ago, and is not behind."""
    for (query, _), is_ahead in ((_attempted(), False), (_ahead(), True)):
        column = _behind if is_ahead else _attempt
        mine = (column.follower == key.follower, column.cursor == key.cursor)
        asked = query.where(_whose(book, is_ahead=is_ahead), *mine, column.position == key.position)
        row = connection.execute(asked).first()
        if row is not None:
            return _outbound(row)
    return None


def attempts_of(connection: Connection, book: str, key: DeliveryKey) -> list[AttemptMade]:
    """The first of them first."""
    query = (
        select(*(_attempt[name] for name in AttemptMade.__dataclass_fields__))
        .where(
            _attempt.book == book,
            _attempt.follower == key.follower,
            _attempt.cursor == key.cursor,
            _attempt.position == key.position,
        )
        .order_by(_attempt.attempt)
    )
    return [AttemptMade(*row) for row in connection.execute(query)]


def _filled(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Where there is no attempt, or no row any more: the empty text, or 0."""
    return func.coalesce(column, 0 if column.type.python_type is int else "")


_SHOWN: Final = (_fact.topic, _fact.recorded_at)
_LAST: Final = tuple(
    _filled(_attempt[name]) for name in ("attempt", "at", "url", "http_status", "error")
)
_STANDING: Final = (_filled(_behind.state), _filled(_behind.next_attempt_at))
_Asked = tuple[Select[Any], tuple[ColumnElement[Any], ...]]


def _attempted() -> _Asked:
    """By the last attempt of each, with what stands in the table of what is behind."""
    later = delivery_attempts.alias("later")
    is_last = ~exists().where(
        _same(later.c, _attempt),
        later.c.position == _attempt.position,
        later.c.attempt > _attempt.attempt,
    )
    key = (_attempt.follower, _attempt.cursor, _attempt.position)
    about = and_(_fact.book == _attempt.book, _fact.position == _attempt.position)
    stands = and_(_same(_behind, _attempt), _behind.position == _attempt.position)
    source = delivery_attempts.join(events, about).outerjoin(deliveries, stands)
    query = select(*key, *_SHOWN, *_LAST, *_STANDING).select_from(source).where(is_last)
    return query, (_attempt.at, _attempt.position, _attempt.follower, _attempt.cursor)


def _ahead() -> _Asked:
    """What is still to be done, with its last attempt if there was any."""
    key = (_behind.follower, _behind.cursor, _behind.position)
    about = and_(_fact.book == _behind.book, _fact.position == _behind.position)
    last = and_(
        _same(_attempt, _behind),
        _attempt.position == _behind.position,
        _attempt.attempt == _behind.attempts,
    )
    source = deliveries.join(events, about).outerjoin(delivery_attempts, last)
    query = select(*key, *_SHOWN, *_LAST, *_STANDING).select_from(source)
    return query, (_behind.position, _behind.follower, _behind.cursor)


def _same(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(one.book == other.book, one.follower == other.follower, one.cursor == other.cursor)


def _whose(book: str, *, is_ahead: bool) -> ColumnElement[bool]:
    """Each of the tables is asked for one book, so that each finds its place by an index."""
    column = _behind if is_ahead else _attempt
    return and_(column.book == book, _fact.book == book)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    is_ahead = wanted.status in {PENDING, DELIVERING}
    found: list[ColumnElement[bool]] = []
    if wanted.follower is not None:
        found.append((_behind if is_ahead else _attempt).follower == wanted.follower)
    if wanted.url is not None:
        found.append(_attempt.url == wanted.url)
    if wanted.topics is not None:
        found.append(_fact.topic.in_(wanted.topics))
    match wanted.status:
        case "succeeded":
            found += [_arrived, _behind.state.is_(None)]
        case "failed":
            lost = and_(_behind.state.is_(None), ~_arrived)
            found.append(or_(_behind.state == _FAILED_FOR_GOOD, lost))
        case "pending":
            tried = and_(_behind.state == "retrying", _behind.attempts > 0)
            found.append(or_(_behind.state == "waiting", tried))
        case "delivering":
            found += [_behind.state == "retrying", _behind.attempts == 0]
    return found


def _outbound(row: Row[Any]) -> Outbound:
    values: list[Any] = list(row)
    key, rest = values[:3], values[3:]
    return Outbound(DeliveryKey(*key), *rest)


def _token(last: Outbound, *, is_ahead: bool) -> str:
    key = last.key
    parts = [str(key.position), key.follower, key.cursor]
    return _SEPARATOR.join(parts if is_ahead else [last.at, *parts])


def _place(token: str, *, is_ahead: bool) -> list[str | int]:
    parts: list[str] = token.split(_SEPARATOR)
    at = [] if is_ahead else parts[:1]
    rest = parts[len(at) :]
    if len(rest) != 3 or not rest[0].isdecimal():  # noqa: PLR2004 (position, follower, cursor)
        raise BadCursor
    return [*at, int(rest[0]), *rest[1:]]
