"""Waiting deliveries: what an endpoint is still to be told, left behind or not come to yet.

An endpoint that is down is a cursor that stands still: of what comes after it there are no rows,
and what waits is found among the facts themselves.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final

import orjson
from sqlalchemy import Connection, func, select, tuple_, union

from delivery.cursors import FAILED, WAITING, Cursor, DeliveryKey
from delivery.webhooks.outbound import (
    PENDING,
    Outbound,
    Wanted,
    about,
    left_behind,
    outbound_in,
    place_in,
    token_of,
)
from ledger.append import StoredFact
from ledger.facts import FactMapper
from ledger.schema import deliveries, delivery_attempts, events
from projections.engine.querying.pages import Page

# So many facts are looked at for an answer; there may be millions.
MOST_LOOKED_AT: Final = 10_000
_AT_ONCE: Final = 500
_MAPPER: Final = FactMapper()

_attempt, _behind, _fact = delivery_attempts.c, deliveries.c, events.c
# A delivery in the order of a list: its position, whose it is, and which of their cursors.
_Place = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Telling:
    """What a cursor goes through: facts of these topics up to ``end``.

    What was history when it was recorded is told up to ``history_upto``.
    """

    cursor: Cursor
    topics: frozenset[str]
    history_upto: int
    end: int

    def tells(self, row: Any) -> bool:
        """Of a fact as it is stored."""
        return (
            self.cursor.position < row.position <= self.end
            and row.topic in self.topics
            and (row.position <= self.history_upto or not _is_history(row))
        )


@dataclass(frozen=True, slots=True)
class Waits:
    """How many, and since when the first of them does; unless ``is_exact`` at least so many."""

    number: int
    since: str | None
    is_exact: bool


def waiting(
    connection: Connection,
    book: str,
    tellings: Sequence[Telling],
    wanted: Wanted,
    *,
    limit: int,
    offset: int = 0,
    cursor: str | None = None,
) -> Page[Outbound]:
    """What is to be told, the oldest facts first, with what is sent and not answered yet.

    A page of few, or none, goes on where its cursor says: many facts were looked at for it.
    """
    after: _Place = (0, "", "") if cursor is None else place_in(cursor, PENDING)
    begins = _begins(tellings, after[0])
    end = max((each.end for each in tellings), default=0)
    upto = min(end, begins + MOST_LOOKED_AT - 1)
    parts = [_rows_behind(connection, book, each.cursor, wanted, after) for each in tellings]
    if wanted.url is None:
        ahead = _ahead(connection, book, tellings, begins, upto, at_once=_AT_ONCE)
        parts.append(each for each in ahead if _place(each) > after and wanted.takes(each))
    merged = heapq.merge(*parts, key=_place)
    near: Iterable[Outbound] = _up_to(merged, upto) if upto < end else merged
    found = list(islice(near, offset, offset + limit + 1))
    if len(found) > limit:
        return Page(found[:limit], None, token_of(found[limit - 1], PENDING))
    return Page(found, None, f"{upto + 1}~~" if upto < end else None)


def waits(
    connection: Connection,
    book: str,
    tellings: Sequence[Telling],
    topics: Collection[str] | None = None,
) -> Waits:
    """How much waits in all; ``topics``: of these, None: of all."""
    number, firsts, is_exact = 0, list[tuple[int, str | None]](), True
    for each in tellings:
        behind, first = _behind_it(connection, book, each.cursor, topics)
        if first is not None:
            firsts.append((first, None))
        begins = each.cursor.position + 1
        upto = min(each.end, each.cursor.position + MOST_LOOKED_AT)
        facts = _facts_ahead(connection, book, [each], begins, upto, at_once=MOST_LOOKED_AT)
        ahead = [row for _, row in facts if topics is None or row.topic in topics]
        if ahead:
            firsts.append((ahead[0].position, ahead[0].recorded_at))
        number += behind + len(ahead)
        is_exact = is_exact and upto >= each.end
    position, since = min(firsts, key=itemgetter(0), default=(0, None))
    if firsts and since is None:
        at = select(_fact.recorded_at).where(_fact.book == book, _fact.position == position)
        since = connection.execute(at).scalar()
    return Waits(number, since, is_exact)


def waits_at(connection: Connection, book: str, telling: Telling, position: int) -> Outbound | None:
    """What is told of the fact there once its cursor comes to it; None: it never does by itself."""
    return next(_ahead(connection, book, [telling], position, position, at_once=1), None)


def _begins(tellings: Iterable[Telling], after: int) -> int:
    """The first position that somebody has not come to, and that is not listed before."""
    ahead = [each.cursor.position + 1 for each in tellings if each.cursor.position < each.end]
    return max(after, min(ahead, default=after), 1)


def _rows_behind(
    connection: Connection, book: str, cursor: Cursor, wanted: Wanted, after: _Place
) -> Iterator[Outbound]:
    """What it has left behind, some rows at a time, in the order of positions."""
    query, order = left_behind(book)
    mine = (_behind.follower == cursor.follower, _behind.cursor == cursor.cursor)
    query = query.where(*mine, _behind.state != FAILED, *about(_behind, wanted.topics))
    if wanted.url is not None:
        query = query.where(_attempt.url == wanted.url)
    query = query.order_by(_behind.position).limit(_AT_ONCE)
    while True:
        # Its position is said alone as well: it is what a database finds its way by.
        beyond = (_behind.position >= after[0], tuple_(*order) > tuple_(*after))
        rows = [outbound_in(row) for row in connection.execute(query.where(*beyond))]
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        after = _place(rows[-1])


def _ahead(
    connection: Connection,
    book: str,
    tellings: Sequence[Telling],
    first: int,
    last: int,
    *,
    at_once: int,
) -> Iterator[Outbound]:
    """What cursors have not come to, of the facts from a position to another."""
    facts = _facts_ahead(connection, book, tellings, first, last, at_once=at_once)
    for _, alike in groupby(facts, key=lambda found: found[1].position):
        yield from sorted((_waits_for(each.cursor, row) for each, row in alike), key=_place)


def _facts_ahead(
    connection: Connection,
    book: str,
    tellings: Sequence[Telling],
    first: int,
    last: int,
    *,
    at_once: int,
) -> Iterator[tuple[Telling, Any]]:
    """The same, each fact as it is stored with who is to be told of it."""
    ends = max((each.end for each in tellings if each.cursor.position < each.end), default=0)
    last = min(last, ends)
    topics = frozenset[str]().union(*(each.topics for each in tellings))
    for begin in range(first, last + 1, at_once):
        end = min(begin + at_once - 1, last)
        query = select(events).where(
            _fact.book == book, _fact.position.between(begin, end), _fact.topic.in_(topics)
        )
        rows = connection.execute(query.order_by(_fact.position)).all()
        done = [_done(connection, book, each.cursor, begin, end) for each in tellings if rows]
        for row in rows:
            for each, known in zip(tellings, done, strict=True):
                if row.position not in known and each.tells(row):
                    yield each, row


def _done(connection: Connection, book: str, cursor: Cursor, first: int, last: int) -> set[int]:
    """Positions it has not reached, of what has arrived already or stands in a row."""
    first = max(first, cursor.position + 1)
    if first > last:
        return set()
    parts = []
    for column, fits in (
        (_attempt, (_attempt.http_status.between(200, 299),)),
        (_behind, ()),
    ):
        mine = (column.follower == cursor.follower, column.cursor == cursor.cursor)
        there = column.position.between(first, last)
        parts.append(select(column.position).where(column.book == book, *mine, there, *fits))
    return set(connection.execute(union(*parts)).scalars())


def _behind_it(
    connection: Connection, book: str, cursor: Cursor, topics: Collection[str] | None
) -> tuple[int, int | None]:
    """How many it has left behind that are to be told, and the position of the first."""
    mine = (_behind.follower == cursor.follower, _behind.cursor == cursor.cursor)
    query = select(func.count(), func.min(_behind.position)).where(
        _behind.book == book, *mine, _behind.state != FAILED, *about(_behind, topics)
    )
    number, first = connection.execute(query).one()
    return number, first


def _waits_for(cursor: Cursor, row: Any) -> Outbound:
    key = DeliveryKey(cursor.follower, cursor.cursor, row.position)
    return Outbound(key, row.topic, row.recorded_at, 0, "", "", 0, "", WAITING, "")


def _up_to(found: Iterable[Outbound], position: int) -> Iterator[Outbound]:
    for each in found:
        if each.key.position > position:
            return
        yield each


def _place(found: Outbound) -> _Place:
    key = found.key
    return key.position, key.follower, key.cursor


def _is_history(row: Any) -> bool:
    happened_at: str = orjson.loads(row.data)["occurred_at"]
    # What happened on the day it was recorded is none: so most of them need not be decoded.
    is_of_the_day = happened_at[:10] == row.recorded_at[:10]
    return not is_of_the_day and _MAPPER.decode(StoredFact(*row)).is_history
