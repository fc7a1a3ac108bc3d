"""Expired idempotent replies: what the ledger may forget. Facts are for ever."""

from datetime import datetime

from sqlalchemy import Engine, delete, select

from ledger.clock import written
from ledger.database import writing
from ledger.reading import ask
from ledger.schema import replies

_PAGE = 500


def forget_expired_replies(
    engine: Engine, book: str, now: datetime, *, after: str = ""
) -> str | None:
    """Removes those of a book that have expired among the next few hundred keys after ``after``.

    The last key it looked at, None at the end of the book. So no transaction is long, and those
    who write meanwhile hardly notice.
    """
    column, moment = replies.c, written(now)
    page = (
        select(column.key, column.expires_at)
        .where(column.book == book, column.key > after)
        .order_by(column.key)
        .limit(_PAGE)
    )
    found = ask(engine, lambda connection: connection.execute(page).all())
    over = [key for key, expires_at in found if expires_at <= moment]
    if over:
        # Asked again: a key may have been used anew since.
        expired = delete(replies).where(
            column.book == book, column.key.in_(over), column.expires_at <= moment
        )
        with writing(engine) as connection:
            connection.execute(expired)
    return found[-1].key if len(found) == _PAGE else None
