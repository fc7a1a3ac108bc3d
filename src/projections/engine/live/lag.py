"""Projection lag: which books have facts that the views do not show yet."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from ledger.ledger import Ledger
from ledger.schema import books
from projections.engine.folding.checkpoints import Checkpoint, checkpoints, read_checkpoints
from projections.engine.generations.generation import Generation


@dataclass(frozen=True, slots=True)
class Lag:
    """So many `facts` of a book come after its checkpoint."""

    facts: int
    checkpoint: Checkpoint


def projection_lag(ledger: Ledger, generation: Generation) -> dict[str, Lag]:
    """The lag of each book that has any.

    PostgreSQL holds heads and checkpoints side by side, and tells of those that differ; where
    they are in two files all of them are compared.
    """
    with generation.reading() as connection:
        if generation.schema is not None:
            return _joined(connection)
        found = read_checkpoints(connection)
    lag: dict[str, Lag] = {}
    for book, head in ledger.heads().items():
        checkpoint = found.get(book, Checkpoint())
        if head > checkpoint.position:
            lag[book] = Lag(head - checkpoint.position, checkpoint)
    return lag


def _joined(connection: Connection) -> dict[str, Lag]:
    at, position = checkpoints.c, func.coalesce(checkpoints.c.position, 0)
    behind = (
        select(
            books.c.book,
            books.c.position - position,
            position,
            at.parked_position,
            at.parked_error,
            at.digest,
        )
        .select_from(books.outerjoin(checkpoints, at.book == books.c.book))
        .where(books.c.position > position)
    )
    return {
        book: Lag(facts, Checkpoint(*checkpoint))
        for book, facts, *checkpoint in connection.execute(behind)
    }
