"""Same history: whether views were folded from this very ledger, as it stands now.

A ledger restored from an older backup has forgotten facts that the views still tell of, and soon
has other facts in their places. The digest of the last fact folded shows it, since it is chained to
all before it, and the next fact to it.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, func, inspect, or_, select
from sqlalchemy.exc import DatabaseError

from ledger.chain import follows
from ledger.distribution import is_distributed
from ledger.errors import StoreReplaced
from ledger.facts import StoredFact
from ledger.ledger import Ledger
from ledger.schema import books
from projections.engine.folding.checkpoints import Checkpoint, checkpoints, read_checkpoints
from projections.engine.generations.generation import Generation
from projections.engine.generations.lost_views import OfAnotherHistory, says_lost


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
    return _is_last(checkpoint, last)


def must_go_on(
    checkpoint: Checkpoint, fact: StoredFact, read_last: Callable[[], Sequence[StoredFact]]
) -> None:
    """Raises OfAnotherHistory unless the fact was recorded after the last that was folded.

    `read_last` reads what the ledger has in the place of that one, which is asked only where the
    fact is not chained to it: it may be the fact that somebody changed.
    """
    digest = checkpoint.digest
    if digest is None or follows(fact, bytes.fromhex(digest)):
        return
    if not _is_last(checkpoint, read_last()):
        raise OfAnotherHistory(fact.book)


def _is_last(checkpoint: Checkpoint, last: Sequence[StoredFact]) -> bool:
    return [fact.digest.hex() for fact in last] == [checkpoint.digest]


def find_book_of_another_history(connection: Connection) -> str | None:
    """A book that is folded further than the ledger goes, or at its head from another fact.

    For views beside their ledger in one PostgreSQL, which sees both at one moment. (Another file
    in the place of a SQLite ledger is noticed as such; machines of a cluster share no moment.)
    """
    if connection.dialect.name != "postgresql" or is_distributed(connection):
        return None
    at, head = checkpoints.c, func.coalesce(books.c.position, 0)
    query = (
        select(at.book)
        .select_from(checkpoints.outerjoin(books, books.c.book == at.book))
        .where(
            at.position >= head,
            or_(at.position > head, func.encode(books.c.digest, "hex") != at.digest),
        )
        .limit(1)
    )
    return connection.scalar(query)
