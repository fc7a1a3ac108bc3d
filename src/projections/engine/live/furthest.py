"""Furthest: of the views that are whole, those which know most of a book.

Not only those that serve: whoever has not noticed a switch yet, or stood still meanwhile, has
written others, and told somebody what is in them.
"""

from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from ledger.errors import StoreReplaced
from ledger.ledger import Ledger
from projections.engine.folding.checkpoints import Checkpoint, read_checkpoints
from projections.engine.generations.generation import Generation
from projections.engine.generations.lost_views import says_lost
from projections.engine.generations.same_history import is_known


def furthest(ledger: Ledger, generations: Sequence[Generation], book: str) -> Generation:
    """The first of them, which serves, unless another is further with the same facts."""
    best, *others = generations
    if not others:
        return best
    reached = _checkpoint(best, book)
    for other in others:
        there = _checkpoint_if_any(other, book)
        if there.position > reached.position and is_known(ledger, book, there):
            best, reached = other, there
    return best


def _checkpoint(generation: Generation, book: str) -> Checkpoint:
    with generation.reading() as connection:
        return read_checkpoints(connection, [book]).get(book, Checkpoint())


def _checkpoint_if_any(kept: Generation, book: str) -> Checkpoint:
    """What is kept may be taken away at any time, and then has nothing to say."""
    try:
        return _checkpoint(kept, book)
    except (DBAPIError, StoreReplaced) as error:
        if says_lost(error, kept):
            return Checkpoint()
        raise
