"""Leases with fencing tokens: of several processes, one at a time works on a named thing.

A lease lasts until a moment on the database's clock, so the clocks of the processes do not matter.
It guards work, and its fence guards what is written: whoever takes a lease that is over writes a
name and a higher fence into its row, so a holder that stood still finds out when it confirms.
"""

import time
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, literal_column, select, update

from ledger.bulk_statements import insert_missing
from ledger.database import writing
from ledger.reading import ask
from ledger.schema import leases

_CLOCK = literal_column(
    "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)", BigInteger
)


class Lease(NamedTuple):
    """A named thing of a book (the empty text: of the whole store), and who works on it.

    `fence` is higher than that of every lease on it before: a receiver that remembers the highest
    it has seen can turn those away that come too late.
    """

    book: str
    name: str
    holder: str
    fence: int


def acquire(engine: Engine, book: str, name: str, holder: str, *, seconds: float) -> Lease | None:
    """The lease for so long, or None while anybody has it.

    ``holder`` names one run of one process: no two may share it.
    """
    with writing(engine) as connection:
        now = moment_in(connection)
        free = {"book": book, "name": name, "holder": "", "fence": 0, "expires_at": 0}
        insert_missing(connection, leases, [free])
        # While its holder writes it is locked: whoever has confirmed may finish. (An update alone
        # would not do, because it goes past that lock.)
        over = (
            select(leases.c.fence)
            .where(_named(book, name), leases.c.expires_at <= now)
            .with_for_update(skip_locked=True)
        )
        fence = connection.execute(over).scalar()
        if fence is None:
            return None
        lease = Lease(book, name, holder, fence + 1)
        taken = {"holder": holder, "fence": lease.fence, "expires_at": moment_after(now, seconds)}
        connection.execute(update(leases).where(_named(book, name)).values(taken))
        return lease


def held_among(engine: Engine, books: Collection[str], name: str) -> set[str]:
    """Of which of these books anybody has the lease; writes nothing, for those who look often."""

    def held(connection: Connection) -> set[str]:
        now, column = moment_in(connection), leases.c
        mine = (column.book.in_(books), column.name == name, column.expires_at > now)
        return set(connection.execute(select(column.book).where(*mine)).scalars())

    return ask(engine, held)


def renew(engine: Engine, lease: Lease, *, seconds: float) -> bool:
    """Holds it for so long from now on; False when somebody else has taken it."""
    # What is lost of this in a power cut makes a lease shorter, and no fence is given twice.
    with writing(engine.execution_options(durable=False)) as connection:
        until = moment_after(moment_in(connection), seconds)
        held = update(leases).where(_is(lease)).values(expires_at=until)
        return connection.execute(held).rowcount == 1


def release(engine: Engine, lease: Lease) -> None:
    """Lets others take it at once; nothing when somebody has."""
    with writing(engine.execution_options(durable=False)) as connection:
        connection.execute(update(leases).where(_is(lease)).values(holder="", expires_at=0))


def confirm(connection: Connection, lease: Lease) -> bool:
    """Whether nobody has taken it, and nobody will before this transaction (`writing`) ends.

    No clock is asked, of which a cluster has several: a lease that is over says that others may
    take it, not that somebody has.
    """
    # This lock keeps others from taking the lease, and nobody from renewing it.
    held = select(leases.c.fence).where(_is(lease)).with_for_update(read=True, key_share=True)
    return connection.execute(held).first() is not None


def moment_in(connection: Connection) -> int:
    """What time it is in the database, in microseconds since the epoch.

    Asked for by itself: a cluster refuses to change rows by a clock of its own. SQLite has that of
    the machine.
    """
    if connection.dialect.name == "sqlite":
        return time.time_ns() // 1000
    return int(connection.execute(select(_CLOCK)).scalar_one())


def moment_after(moment: int, seconds: float) -> int:
    return moment + int(seconds * 1_000_000)


def _named(book: str, name: str) -> ColumnElement[bool]:
    return (leases.c.book == book) & (leases.c.name == name)


def _is(lease: Lease) -> ColumnElement[bool]:
    held = (leases.c.holder == lease.holder) & (leases.c.fence == lease.fence)
    return _named(lease.book, lease.name) & held
