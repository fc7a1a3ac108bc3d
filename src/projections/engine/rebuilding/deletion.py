"""Deleted books: what the views tell of them is taken out, without waiting for a projector."""

from sqlalchemy.exc import DBAPIError

from ledger.errors import StoreReplaced
from ledger.ledger import Ledger
from projections.engine.folding.checkpoints import read_checkpoints
from projections.engine.folding.definitions import Definitions
from projections.engine.generations.clearing import clear
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import Generations, NoSuchGeneration
from projections.engine.generations.lost_views import says_lost


def clear_deleted_books(ledger: Ledger, generations: Generations, definitions: Definitions) -> None:
    """Take them out of every generation of these definitions, also of those that are kept."""
    deleted = ledger.deleted()
    for each in generations.list():
        try:
            generation = generations.whole(each.number, definitions)
        except NoSuchGeneration:
            continue
        for book in sorted(deleted & _folded(generation)):
            clear(generation, definitions, book)


def _folded(generation: Generation) -> set[str]:
    try:
        with generation.reading() as connection:
            return set(read_checkpoints(connection))
    except (DBAPIError, StoreReplaced) as error:
        # Views that are lost are built anew.
        if not says_lost(error, generation):
            raise
        return set()
