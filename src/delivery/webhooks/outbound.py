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
    select,
    tuple_,
)

from delivery.cursors import FAILED as GIVEN_UP
from delivery.cursors import RETRYING, Attempt, DeliveryKey
from delivery.webhooks.delivery_ids import ENDPOINT, PROBE
from ledger.schema import deliveries, delivery_attempts, events
from projections.engine.querying.pages import BadCursor, Page

SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
PENDING: Final = "pending"
DELIVERING: Final = "delivering"

_SEPARATOR: Final = "~"
_attempt, _behind, _fact = delivery_attempts.c, deliveries.c, events.c
# These stand in the table of what is behind, in one of these states; what is pending need not.
_BEHIND: Final[dict[str, tuple[ColumnElement[bool], ...]]] = {
    DELIVERING: (_behind.state == RETRYING, _behind.attempts == 0),
    FAILED: (_behind.state == GIVEN_UP,),
}


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
        if self.state == GIVEN_UP:
            return FAILED
        if self.state:
            return DELIVERING if self._is_under_way else PENDING
        return SUCCEEDED if self.has_arrived else FAILED

    @property
    def _is_under_way(self) -> bool:
        """It was sent, and no answer came yet: a row without an attempt that is to be retried."""
        return self.state == RETRYING and self.attempts == 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries a list is of; what is None is not asked for."""

    follower: str | None = None
    url: str | None = None
    topics: Collection[str] | None = None
    status: str | None = None

    def takes(self, found: Outbound) -> bool:
        """One that is at hand."""
        return (
            self.follower in (None, found.key.follower)
            and self.url in (None, found.url)
            and (self.topics is None or found.topic in self.topics)
            and self.status in (None, found.status)
        )


def outbound(
    connection: Connection,
    book: str,
    wanted: Wanted,
    *,
    limit: int,
    offset: int = 0,
    cursor: str | None = None,
) -> Page[Outbound]:
    """Those that were attempted last come first; of what has not arrived, the newest facts.

    What is pending is listed by `waiting`; unless asked, what was never attempted is left out.
    """
    is_behind = wanted.status in _BEHIND
    query, order = left_behind(book) if is_behind else _attempted(book)
    # A moment is never empty: it is said for SQLite, which takes an index for a range of it alone.
    by_moments = (order[0] > "",) if not is_behind else ()
    query = query.where(*by_moments, *_conditions(wanted))
    if cursor is not None:
        query = query.where(tuple_(*order) < tuple_(*place_in(cursor, wanted.status)))
    query = query.order_by(*(each.desc() for each in order)).limit(limit + 1)
    rows = connection.execute(query.offset(0 if cursor else offset)).all()
    found = [outbound_in(row) for row in rows[:limit]]
    more = len(rows) > limit
    return Page(found, None, token_of(found[-1], wanted.status) if more else None)


def outbound_named(connection: Connection, book: str, key: DeliveryKey) -> Outbound | None:
    """One of them; None when it was never attempted, or long ago, and is not behind."""
    for (query, _), column in ((_attempted(book), _attempt), (left_behind(book), _behind)):
        mine = (column.follower == key.follower, column.cursor == key.cursor)
        row = connection.execute(query.where(*mine, column.position == key.position)).first()
        if row is not None:
            return outbound_in(row)
    return None


def attempts_of(connection: Connection, book: str, key: DeliveryKey) -> list[Attempt]:
    """The first of them first, with those that did not count: its endpoint was down."""
    query = (
        select(delivery_attempts)
        .where(
            _attempt.book == book,
            _attempt.follower == key.follower,
            _attempt.cursor.in_((key.cursor, PROBE)),
            _attempt.position == key.position,
        )
        .order_by(_attempt.at, _attempt.attempt)
    )
    return [Attempt(*row) for row in connection.execute(query)]


def about(column: Any, topics: Collection[str] | None) -> tuple[ColumnElement[bool], ...]:
    """That what is delivered has one of these topics; None: nothing is asked."""
    if topics is None:
        return ()
    fact = (_fact.book == column.book, _fact.position == column.position)
    return (exists().where(*fact, _fact.topic.in_(topics)),)


def of_endpoints(column: Any) -> ColumnElement[bool]:
    """That it is an attempt that counts to tell an endpoint, and none of a workflow."""
    mine: ColumnElement[bool] = column.follower.startswith(ENDPOINT, autoescape=True)
    return and_(mine, column.cursor != PROBE)


def outbound_in(row: Row[Any]) -> Outbound:
    values: list[Any] = list(row)
    key, rest = values[:3], values[3:]
    return Outbound(DeliveryKey(*key), *rest)


def token_of(last: Outbound, status: str | None) -> str:
    """Of the last of a page; what was attempted is listed by its moment."""
    key = last.key
    parts = [str(key.position), key.follower, key.cursor]
    return _SEPARATOR.join(parts if _is_by_position(status) else [last.at, *parts])


def place_in(token: str, status: str | None) -> Any:
    """Where the page after it begins. Raises BadCursor."""
    parts: list[str] = token.split(_SEPARATOR)
    at = [] if _is_by_position(status) else parts[:1]
    rest = parts[len(at) :]
    if len(rest) != 3 or not rest[0].isdecimal():  # noqa: PLR2004 (position, follower, cursor)
        raise BadCursor
    return (*at, int(rest[0]), *rest[1:])


def _filled(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Where there is no attempt, or no row any more: the empty text, or 0."""
    return func.coalesce(column, 0 if column.type.python_type is int else "")


_LAST: Final = tuple(
    _filled(_attempt[name]) for name in ("attempt", "at", "url", "http_status", "error")
)
_STANDING: Final = (_filled(_behind.state), _filled(_behind.next_attempt_at))
# What is asked, and in which order.
Asked = tuple[Select[Any], tuple[ColumnElement[Any], ...]]


def _attempted(book: str) -> Asked:
    """By the last attempt of each, with what stands in the table of what is behind."""
    later = delivery_attempts.alias("later")
    is_last = ~exists().where(
        _same(later.c, _attempt),
        later.c.position == _attempt.position,
        later.c.attempt > _attempt.attempt,
    )
    stands = and_(_same(_behind, _attempt), _behind.position == _attempt.position)
    source = delivery_attempts.outerjoin(deliveries, stands)
    query = select(*_told(_attempt, book), *_LAST, *_STANDING).select_from(source)
    order = (_attempt.at, _attempt.position, _attempt.follower, _attempt.cursor)
    return query.where(_attempt.book == book, of_endpoints(_attempt), is_last), order


def left_behind(book: str) -> Asked:
    """What is still to be done, or was given up, with its last attempt if there was any."""
    last = and_(
        _same(_attempt, _behind),
        _attempt.position == _behind.position,
        _attempt.attempt == _behind.attempts,
    )
    source = deliveries.outerjoin(delivery_attempts, last)
    query = select(*_told(_behind, book), *_LAST, *_STANDING).select_from(source)
    order = (_behind.position, _behind.follower, _behind.cursor)
    return query.where(_behind.book == book), order


def _told(column: Any, book: str) -> tuple[ColumnElement[Any], ...]:
    """Which fact is told to whom. Looked up for each row that is shown, and for no other."""
    fact = (_fact.book == book, _fact.position == column.position)
    shown = (
        select(each).where(*fact).scalar_subquery() for each in (_fact.topic, _fact.recorded_at)
    )
    return (column.follower, column.cursor, column.position, *shown)


def _same(one: Any, other: Any) -> ColumnElement[bool]:
    return and_(one.book == other.book, one.follower == other.follower, one.cursor == other.cursor)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    column = _behind if wanted.status in _BEHIND else _attempt
    found = list(_BEHIND.get(wanted.status or "", ()))
    if wanted.status == SUCCEEDED:
        found += [_attempt.http_status.between(200, 299), _behind.state.is_(None)]
    if wanted.follower is not None:
        found.append(column.follower == wanted.follower)
    if wanted.url is not None:
        found.append(_attempt.url == wanted.url)
    return [*found, *about(column, wanted.topics)]


def _is_by_position(status: str | None) -> bool:
    return status == PENDING or status in _BEHIND
