"""Checkpoints: how far each book has come in a generation, one position for all its views.

A checkpoint is a row like any other, written by the same upsert, in the transaction that writes
the rows. It moves by compare-and-set: who finds that it has moved meanwhile writes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, MetaData, Text, select

from ledger.distribution import together
from projections.engine.folding.changes import Changes
from projections.engine.folding.row_writer import merge_into
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


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last position folded, and the one that cannot be, with the reason.

    `digest` is that of the last fact folded, in hex: it tells of which history these rows are.
    """

    position: int = 0
    parked_position: int | None = None
    parked_error: str | None = None
    digest: str | None = None


def standing(connection: Connection, books: Iterable[str] | None = None) -> dict[str, Checkpoint]:
    """The checkpoints of these books, or of all; a book never folded has none."""
    columns = checkpoints.c
    statement = select(
        columns.book,
        columns.position,
        columns.parked_position,
        columns.parked_error,
        columns.digest,
    )
    if books is not None:
        statement = statement.where(columns.book.in_(list(books)))
    return {row.book: Checkpoint(*row[1:]) for row in connection.execute(statement)}


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


def hold(connection: Connection, schema: str | None, expected: Mapping[str, int]) -> set[str]:
    """Lock these checkpoints until the transaction ends; those still where they were expected."""
    unseen = [Changes(book) for book, position in expected.items() if position == 0]
    for each in unseen:
        each.merge(checkpoints, (), position=0)
    merge_into(connection, schema, unseen)
    return {
        book
        for part in together(connection, sorted(expected))
        for book, position in connection.execute(
            select(checkpoints.c.book, checkpoints.c.position)
            .where(checkpoints.c.book.in_(part))
            .order_by(checkpoints.c.book)
            .with_for_update()
        )
        if position == expected[book]
    }
