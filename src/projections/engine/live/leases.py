"""Who works, and who holds which lane: each question and each change is one short statement.

A lease lasts until a moment on the database's clock, so the clocks of the workers do not matter.
The moment is asked for by itself: a cluster refuses to change rows by a clock of its own.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    delete,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

from ledger.schema import lanes, workers


class Worker(NamedTuple):
    """Somebody who writes views, and which: a release shares its lanes with nobody else."""

    views: str
    name: str


_CLOCK = literal_column(
    "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)", BigInteger
)


def moment(connection: Connection) -> int:
    """What time it is in the database, in microseconds since the epoch."""
    return int(connection.execute(select(_CLOCK)).scalar_one())


def lay_out(connection: Connection, views: str, number: int) -> None:
    """The lanes of these views, so many, held by nobody; those that are there stay as they are.

    From then on who takes one locks a row, and never adds any.
    """
    free = {"book": "", "views": views, "worker": "", "fence": 0, "expires_at": 0}
    rows = [{"lane": lane} | free for lane in range(number)]
    connection.execute(postgresql.insert(lanes).on_conflict_do_nothing(), rows)


def announce(connection: Connection, worker: Worker, *, until: int) -> None:
    """Let the worker be counted until then."""
    alive = update(workers).where(_of(workers, worker)).values(expires_at=until)
    if connection.execute(alive).rowcount == 0:
        row = {"book": "", "views": worker.views, "worker": worker.name, "expires_at": until}
        connection.execute(insert(workers), row)


def living(connection: Connection, views: str, *, now: int) -> list[str]:
    """All who write these views and are counted now, in an order that is the same for everybody."""
    column = workers.c
    wanted = (
        select(column.worker)
        .where(column.book == "", column.views == views, column.expires_at > now)
        .order_by(column.worker)
    )
    return list(connection.execute(wanted).scalars())


def bury(connection: Connection, *, now: int) -> None:
    """Forget the workers that are not counted any more."""
    column = workers.c
    # Those whom another worker forgets at this moment are left to it.
    wanted = (
        select(column.worker)
        .where(column.book == "", column.expires_at <= now)
        .with_for_update(skip_locked=True)
    )
    dead = list(connection.execute(wanted).scalars())
    if dead:
        connection.execute(delete(workers).where(column.book == "", column.worker.in_(dead)))


def renew(connection: Connection, worker: Worker, *, until: int) -> dict[int, int]:
    """The lanes nobody has taken from the worker, with their fences; held until then."""
    mine = update(lanes).where(_of(lanes, worker)).values(expires_at=until)
    renewed = mine.returning(lanes.c.lane, lanes.c.fence)
    return {row.lane: row.fence for row in connection.execute(renewed)}


def take(
    connection: Connection, worker: Worker, limit: int, *, now: int, until: int
) -> dict[int, int]:
    """At most so many lanes that nobody holds, each with a fence it never had before."""
    column = lanes.c
    # A lane whose rows are being written is locked: its holder may finish the batch.
    wanted = (
        select(column.lane)
        .where(column.book == "", column.views == worker.views, column.expires_at <= now)
        .order_by(column.lane)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    free = list(connection.execute(wanted).scalars())
    taken = (
        update(lanes)
        .where(column.book == "", column.views == worker.views, column.lane.in_(free))
        .values(worker=worker.name, fence=column.fence + 1, expires_at=until)
        .returning(column.lane, column.fence)
    )
    return {row.lane: row.fence for row in connection.execute(taken)} if free else {}


def give_back(connection: Connection, worker: Worker, given: Iterable[int]) -> None:
    """Let others take these lanes at once."""
    mine = _of(lanes, worker) & lanes.c.lane.in_(sorted(given))
    connection.execute(update(lanes).where(mine).values(worker="", expires_at=0))


def leave(connection: Connection, worker: Worker) -> None:
    """Give everything back, and be counted no more."""
    mine = update(lanes).where(_of(lanes, worker))
    connection.execute(mine.values(worker="", expires_at=0))
    connection.execute(delete(workers).where(_of(workers, worker)))


def confirmed(connection: Connection, worker: Worker, asked: Collection[int]) -> dict[int, int]:
    """Which of these lanes nobody has taken from the worker, with their fences.

    So until the transaction ends. A lease that is over says that others may take the lane, not
    that somebody has: whoever does writes a name and a higher fence into this very row. So no
    clock is asked, of which a cluster has several.
    """
    column = lanes.c
    # This lock keeps others from taking the lane, and nobody from renewing its lease.
    wanted = (
        select(column.lane, column.fence)
        .where(_of(lanes, worker), column.lane.in_(sorted(asked)))
        .order_by(column.lane)
        .with_for_update(read=True, key_share=True)
    )
    return {row.lane: row.fence for row in connection.execute(wanted)}


def _of(table: Table, worker: Worker) -> ColumnElement[bool]:
    column = table.c
    return (column.book == "") & (column.views == worker.views) & (column.worker == worker.name)
