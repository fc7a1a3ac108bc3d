"""Delivery cursors: how far somebody is told, what is behind, and each attempt, as they are stored.

Every row is exactly that of its table (`ledger.schema`): what there is not is the empty text or 0.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, Engine, Select, Table, func, select

from ledger.bulk_statements import delete_rows, insert_missing, put_rows
from ledger.database import writing
from ledger.distribution import is_distributed
from ledger.lease import Lease, confirm
from ledger.reading import ask
from ledger.schema import deliveries, delivery_attempts, delivery_cursors, events

State = Literal["retrying", "waiting", "failed"]
_ATTEMPTS_AT_ONCE: Final = 500

RETRYING: Final = "retrying"
WAITING: Final = "waiting"
FAILED: Final = "failed"


class DeliveryKey(NamedTuple):
    """``follower``: whose; ``cursor``: which of theirs; ``position``: of a fact."""

    follower: str
    cursor: str
    position: int


class Cursor(NamedTuple):
    book: str
    follower: str
    cursor: str
    position: int
    until: int = 0
    failing_since: str = ""
    failures: int = 0
    next_probe_at: str = ""
    error: str = ""


class Behind(NamedTuple):
    """A delivery that its cursor has gone past without having made it."""

    book: str
    follower: str
    cursor: str
    position: int
    lane: str
    state: State
    attempts: int
    next_attempt_at: str

    @property
    def key(self) -> DeliveryKey:
        return DeliveryKey(self.follower, self.cursor, self.position)


class Attempt(NamedTuple):
    book: str
    follower: str
    cursor: str
    position: int
    attempt: int
    at: str
    url: str
    http_status: int
    response: str
    milliseconds: int
    error: str


@dataclass
class Changes:
    """What is to be written about one book. The last word about a row counts."""

    cursors: dict[tuple[str, str], Cursor] = field(default_factory=dict)
    behind: dict[DeliveryKey, Behind | None] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.cursors or self.behind or self.attempts)

    def taken(self) -> "Changes":
        """What there was, which now begins anew."""
        taken = Changes(self.cursors, self.behind, self.attempts)
        self.cursors, self.behind, self.attempts = {}, {}, []
        return taken

    def add(self, more: "Changes") -> None:
        """Those of another cursor."""
        self.cursors |= more.cursors
        self.behind |= more.behind
        self.attempts += more.attempts

    def put_back(self, taken: "Changes") -> None:
        """What could not be written comes before what was said since."""
        self.cursors = taken.cursors | self.cursors
        self.behind = taken.behind | self.behind
        self.attempts = taken.attempts + self.attempts


def write(engine: Engine, changes: Mapping[Lease, Changes]) -> set[Lease]:
    """Writes all of it in one transaction, except under leases that others have taken: those.

    On a cluster each book by itself.
    """
    engine = engine.execution_options(durable=False)
    with writing(engine) as connection:
        if not is_distributed(connection):
            return _write(connection, changes)
    lost: set[Lease] = set()
    for lease, of_book in changes.items():
        with writing(engine) as connection:
            lost |= _write(connection, {lease: of_book})
    return lost


def begin(engine: Engine, cursors: Sequence[Cursor]) -> None:
    """Makes those that are not there yet."""
    with writing(engine) as connection:
        insert_missing(connection, delivery_cursors, [each._asdict() for each in cursors])


def cursors_of(engine: Engine, book: str) -> list[Cursor]:
    """All of a book."""
    query = select(delivery_cursors).where(delivery_cursors.c.book == book)
    return ask(engine, lambda connection: [Cursor(*row) for row in connection.execute(query)])


def replays_of(engine: Engine, books: Collection[str]) -> set[tuple[str, str, str]]:
    """Of these books: the book, whose it is, and which of their cursors."""
    column = delivery_cursors.c
    query = select(column.book, column.follower, column.cursor)
    query = query.where(column.book.in_(books), column.until > 0)
    return ask(engine, lambda connection: {tuple(row) for row in connection.execute(query)})


def done_after(engine: Engine, cursor: Cursor) -> set[int]:
    """Positions it has not reached yet, of what is done or behind already."""
    attempted, column = delivery_attempts.c, deliveries.c
    arrived = select(attempted.position).where(
        attempted.position > cursor.position, attempted.http_status.between(200, 299)
    )
    behind = select(column.position).where(column.position > cursor.position)
    query = _of(arrived, delivery_attempts, cursor).union(_of(behind, deliveries, cursor))
    return ask(engine, lambda connection: set(connection.execute(query).scalars()))


def lanes_behind(
    engine: Engine, cursor: Cursor, among: Collection[str] | None = None
) -> dict[str, int]:
    """How many deliveries of each lane, or of some, are still to be made; what failed is not."""
    lane = deliveries.c.lane
    query = select(lane, func.count()).where(deliveries.c.state != FAILED).group_by(lane)
    if among is not None:
        query = query.where(lane.in_(among))
    counted = _of(query, deliveries, cursor)
    return ask(engine, lambda connection: dict(_pairs(connection, counted)))


def oldest_behind(engine: Engine, cursor: Cursor) -> str | None:
    """When the oldest fact was recorded of what is still to be made; what failed is not."""
    column = deliveries.c
    waiting = _of(select(column.position).where(column.state != FAILED), deliveries, cursor)
    first = waiting.order_by(column.position).limit(1).scalar_subquery()
    query = select(events.c.recorded_at).where(
        events.c.book == cursor.book, events.c.position == first
    )
    return ask(engine, lambda connection: connection.execute(query).scalar())


def stranded_lanes(engine: Engine, cursor: Cursor) -> list[str]:
    """The lanes in which all wait, and none is left that they could wait for."""
    column = deliveries.c
    # In the order of the alphabet `retrying` comes first.
    query = select(column.lane).where(column.state != FAILED).group_by(column.lane)
    stranded = _of(query.having(func.min(column.state) == WAITING), deliveries, cursor)
    return ask(engine, lambda connection: list(connection.execute(stranded).scalars()))


def due_lanes(engine: Engine, cursor: Cursor, moment: str, *, limit: int) -> list[str]:
    """In which something is to be tried again by now, first those that have waited longest."""
    column = deliveries.c
    query = (
        select(column.lane)
        .where(column.next_attempt_at > "", column.next_attempt_at <= moment)
        .where(column.state == RETRYING)
        .group_by(column.lane)
        .order_by(func.min(column.next_attempt_at), column.lane)
        .limit(limit)
    )
    due = _of(query, deliveries, cursor)
    return ask(engine, lambda connection: list(connection.execute(due).scalars()))


def first_of(engine: Engine, cursor: Cursor, lanes: Collection[str], moment: str) -> list[Behind]:
    """Of each lane what comes first, unless its time has not come: then nothing of the lane."""
    column = deliveries.c
    waiting = _of(select(deliveries).where(column.state != FAILED), deliveries, cursor)
    first = waiting.order_by(column.position).limit(1)

    def firsts(connection: Connection) -> list[Behind]:
        # One step into the index for each lane, however much of it there is.
        rows = [connection.execute(first.where(column.lane == lane)).first() for lane in lanes]
        return [Behind(*row) for row in rows if row is not None]

    return [row for row in ask(engine, firsts) if row.next_attempt_at <= moment]


def forget(engine: Engine, lease: Lease, follower: str) -> None:
    """Of one who is gone nothing is to be done any more; attempts are kept for as long as all."""
    with writing(engine) as connection:
        if confirm(connection, lease):
            for table in (deliveries, delivery_cursors):
                mine = (table.c.book == lease.book) & (table.c.follower == follower)
                connection.execute(table.delete().where(mine))


def forget_cursor(engine: Engine, lease: Lease, cursor: Cursor) -> None:
    """One that is over; what it gave up is still known."""
    column = delivery_cursors.c
    mine = (column.follower == cursor.follower) & (column.cursor == cursor.cursor)
    with writing(engine) as connection:
        if confirm(connection, lease):
            gone = delivery_cursors.delete().where(column.book == lease.book, mine)
            connection.execute(gone)


def forget_attempts(engine: Engine, book: str, before: str) -> int:
    """Of those made before a moment some hundred; how many it were."""
    key = list(delivery_attempts.primary_key)
    column = delivery_attempts.c
    old = select(*key).where(column.book == book, column.at < before).limit(_ATTEMPTS_AT_ONCE)
    rows = ask(engine, lambda connection: [tuple(row) for row in connection.execute(old)])
    if rows:
        with writing(engine.execution_options(durable=False)) as connection:
            delete_rows(connection, key, rows)
    return len(rows)


def _write(connection: Connection, changes: Mapping[Lease, Changes]) -> set[Lease]:
    lost = {lease for lease in changes if not confirm(connection, lease)}
    held = {lease.book: each for lease, each in changes.items() if lease not in lost}
    attempts = [row for each in held.values() for row in each.attempts]
    put_rows(connection, delivery_attempts, attempts)
    named = [(book, *key) for book, each in held.items() for key in each.behind]
    delete_rows(connection, list(deliveries.primary_key), named)
    rows = [row for each in held.values() for row in each.behind.values() if row is not None]
    put_rows(connection, deliveries, rows)
    reached = [row for each in held.values() for row in each.cursors.values()]
    put_rows(connection, delivery_cursors, reached)
    return lost


def _pairs(connection: Connection, query: Select[Any]) -> list[tuple[str, int]]:
    return [(name, number) for name, number in connection.execute(query)]


def _of(query: Select[Any], table: Table, cursor: Cursor) -> Select[Any]:
    column = table.c
    return query.where(
        column.book == cursor.book,
        column.follower == cursor.follower,
        column.cursor == cursor.cursor,
    )
