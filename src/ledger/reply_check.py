"""Reply check: what is kept for idempotency keys could have been answered by this very book."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, select

from ledger.reading import one_moment
from ledger.schema import books, replies

_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class WrongReply:
    """The first of a book; neither its key nor its text is told, for both may be personal."""

    book: str
    position: int
    reason: str

    def __str__(self) -> str:
        return f"{self.book}: an answer kept as of position {self.position} {self.reason}"


def first_wrong_reply(engine: Engine, book: str) -> WrongReply | None:
    """None when all are whole, and none speaks of a position that the book has not reached."""
    with one_moment(engine) as connection:
        head = connection.execute(select(books.c.position).where(books.c.book == book)).scalar()
        for row in _rows(connection, book):
            reason = _reason(row, head or 0)
            if reason is not None:
                return WrongReply(book, row.position, reason)
    return None


def _rows(connection: Connection, book: str) -> Iterator[Any]:
    query = select(replies).where(replies.c.book == book).order_by(replies.c.key)
    with connection.execution_options(yield_per=_PAGE).execute(query) as found:
        yield from found


def _reason(row: Any, head: int) -> str | None:
    if not 0 <= row.position <= head:
        return f"is ahead of the book, which ends at {head}"
    try:
        datetime.fromisoformat(row.expires_at)
        if row.body:
            orjson.loads(row.body)
    except ValueError:
        return "cannot be read"
    return None if row.status in range(100, 600) else "has no status"
