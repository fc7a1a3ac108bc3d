"""Clearing: all rows of one book are taken out of a generation, and how far it is with them."""

from sqlalchemy import delete

from projections.engine.folding.checkpoints import checkpoints
from projections.engine.folding.definitions import Definitions
from projections.engine.generations.generation import Generation


def clear(generation: Generation, definitions: Definitions, book: str) -> None:
    """Take out the rows of a book and its checkpoint, in one transaction."""
    with generation.unhurried() as connection:
        # The checkpoint first: whoever folds the book holds it, and is waited for.
        for table in (checkpoints, *definitions.tables):
            connection.execute(delete(table).where(table.c.book == book))
