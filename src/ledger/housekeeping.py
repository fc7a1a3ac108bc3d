"""What the ledger may forget: replies whose time is over. Facts are for ever."""

from datetime import datetime

from sqlalchemy import Engine, delete

from ledger.clock import written
from ledger.database import writing
from ledger.schema import replies


def forget_expired_replies(engine: Engine, book: str, now: datetime) -> int:
    """Removes the replies of a book that have expired; how many there were."""
    over = delete(replies).where(replies.c.book == book, replies.c.expires_at <= written(now))
    with writing(engine) as connection:
        return connection.execute(over).rowcount
