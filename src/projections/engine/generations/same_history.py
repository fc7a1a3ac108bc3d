"""Same history: whether views were folded from this very ledger, as it stands now.

A ledger restored from an older backup has forgotten facts that the views still tell of, and soon
has other facts in their places. The digest of the last fact folded shows it, since it is chained to
all before it.
"""

from sqlalchemy import Connection, func, inspect, or_, select
from sqlalchemy.exc import DatabaseError

from ledger.distribution import is_distributed
from ledger.errors import StoreReplaced
from ledger.ledger import Ledger
from ledger.schema import books
from projections.engine.folding.checkpoints import Checkpoint, checkpoints, read_checkpoints
from projections.engine.generations.generation import Generation
from projections.engine.generations.lost_views import says_lost


def is_folded_from(ledger: Ledger, generation: Generation) -> bool:
    """False for views of another history, and where there are none in what should hold them."""
    try:
        with generation.reading() as connection:
            if not inspect(connection).has_table(checkpoints.name, schema=generation.schema):
                return False
            found = read_checkpoints(connection)
    except (DatabaseError, StoreReplaced) as error:
        if says_lost(error, generation):
            return False
        raise
    return all(is_known(ledger, book, checkpoint) for book, checkpoint in found.items())


def is_known(ledger: Ledger, book: str, checkpoint: Checkpoint) -> bool:
    """Whether the last fact that was folded is the one that stands in the ledger there."""
    if checkpoint.position == 0:
        return True
    last = ledger.read(book, after=checkpoint.position - 1, upto=checkpoint.position, limit=1)
    is_the_same = [fact.digest.hex() for fact in last] == [checkpoint.digest]
    # The rows of a deleted book are about to be taken out.
    return is_the_same or bool(ledger.deleted([book]))


def find_book_of_another_history(connection: Connection) -> str | None:
    """A book that is folded further than the ledger goes, or at its head from another fact.

    For views beside their ledger in one PostgreSQL, which sees both at one moment. (Another file
    in the place of a SQLite ledger is noticed as such; machines of a cluster share no moment.)
    """
    if connection.dialect.name != "postgresql" or is_distributed(connection):
        return None
    at, head = checkpoints.c, func.coalesce(books.c.position, 0)
    is_deleted = head < 0
    query = (
        select(at.book)
        .select_from(checkpoints.outerjoin(books, books.c.book == at.book))
        .where(
            ~is_deleted,
            at.position >= head,
            or_(at.position > head, func.encode(books.c.digest, "hex") != at.digest),
        )
        .limit(1)
    )
    return connection.scalar(query)
