"""Checkpoints: how far each book is folded, and the lock under which one process folds it.

A checkpoint is a row like any other, written by the same upsert, in the transaction that writes
the rows. That transaction locks it before anything is folded, and passes over a book that another
has locked: so each fact is folded once, whoever works, and a process that died lets go with its
connection.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, MetaData, Text, select
from sqlalchemy.dialects import postgresql

from ledger.distribution import together
from projections.engine.folding.changes import Changes
from projections.engine.folding.tables import at_latest, last, latest, view

CHECKPOINTS = MetaData(schema="views")

checkpoints = view(
    "checkpoints",
    latest("position"),
    at_latest("parked_position", of="position", kind=BigInteger),
    at_latest("parked_error", of="position", kind=Text),
    last("digest"),
    metadata=CHECKPOINTS,
)
# Written one by one from the first fact on: with its key from the start, on PostgreSQL too.
checkpoints.primary_key.ddl_if()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last position folded, and the one that cannot be, with the reason.

    `digest` is that of the last fact folded, in hex: it tells of which history these rows are.
    """

    position: int = 0
    parked_position: int | None = None
    parked_error: str | None = None
    digest: str | None = None


_CHECKPOINTS = select(
    checkpoints.c.book,
    checkpoints.c.position,
    checkpoints.c.parked_position,
    checkpoints.c.parked_error,
    checkpoints.c.digest,
)


def read_checkpoints(
    connection: Connection, books: Sequence[str] | None = None
) -> dict[str, Checkpoint]:
    """The checkpoints of these books, or of all; a book never folded has none."""
    wanted = _CHECKPOINTS if books is None else _CHECKPOINTS.where(checkpoints.c.book.in_(books))
    return {row.book: Checkpoint(*row[1:]) for row in connection.execute(wanted)}


def parked_books(connection: Connection) -> list[str]:
    """Of all books those that wait at a fact that cannot be folded."""
    parked = select(checkpoints.c.book).where(checkpoints.c.parked_error.is_not(None))
    return list(connection.execute(parked.order_by(checkpoints.c.book)).scalars())


def note_checkpoint(changes: Changes, checkpoint: Checkpoint) -> None:
    """Let the checkpoint of the book be written with the rows of these changes."""
    changes.merge(
        checkpoints,
        (),
        position=checkpoint.position,
        parked_position=checkpoint.parked_position,
        parked_error=checkpoint.parked_error,
        digest=checkpoint.digest,
    )


def lock_checkpoints(connection: Connection, books: Iterable[str]) -> dict[str, Checkpoint]:
    """Those of these books that no other transaction has locked, locked until this one ends.

    A book never folded has none to lock: see `begin_checkpoints`. A SQLite file has one writer,
    which locks it as a whole.
    """
    return {
        row.book: Checkpoint(*row[1:])
        for part in together(connection, sorted(books))
        for row in connection.execute(
            _CHECKPOINTS.where(checkpoints.c.book.in_(part))
            .order_by(checkpoints.c.book)
            .with_for_update(skip_locked=True)
        )
    }


def begin_checkpoints(connection: Connection, books: Iterable[str]) -> None:
    """Let these books have checkpoints, at position 0, unless they have.

    For PostgreSQL, in a short transaction of its own: whoever begins the same book waits for it.
    """
    beginning = postgresql.insert(checkpoints).on_conflict_do_nothing()
    for part in together(connection, sorted(books)):
        connection.execute(beginning, [{"book": book, "position": 0} for book in part])
