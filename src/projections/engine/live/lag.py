"""Projection lag: which books the views do not show yet as they are in the ledger."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, or_, select

from ledger.ledger import Ledger
from ledger.schema import books
from projections.engine.folding.checkpoints import Checkpoint, checkpoints, read_checkpoints
from projections.engine.generations.generation import Generation


@dataclass(frozen=True, slots=True)
class Lag:
    """So many `facts` of a book come after its checkpoint: none when it is to be taken out."""

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
    heads = ledger.heads()
    lag = dict.fromkeys(ledger.deleted(found.keys() - heads.keys()), _TO_BE_TAKEN_OUT)
    for book, head in heads.items():
        checkpoint = found.get(book, Checkpoint())
        if head > checkpoint.position:
            lag[book] = Lag(head - checkpoint.position, checkpoint)
    return lag


_TO_BE_TAKEN_OUT = Lag(0, Checkpoint())


def _joined(connection: Connection) -> dict[str, Lag]:
    at, position = checkpoints.c, func.coalesce(checkpoints.c.position, 0)
    behind = (
        select(
            books.c.book,
            books.c.position,
            position,
            at.parked_position,
            at.parked_error,
            at.digest,
        )
        .select_from(books.outerjoin(checkpoints, at.book == books.c.book))
        .where(or_(books.c.position > position, and_(books.c.position < 0, at.book.is_not(None))))
    )
    return {
        book: Lag(head - reached, Checkpoint(reached, *rest)) if head >= 0 else _TO_BE_TAKEN_OUT
        for book, head, reached, *rest in connection.execute(behind)
    }
