"""Deletion of a book: all of it goes at once, and what is left keeps it away.

Its head becomes a tombstone, at no position and without a digest. So nobody who remembers where the
book stood finds it there, and whoever looks is told that it is deleted (`ledger.outcomes`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, delete, select, update

from ledger.clock import written
from ledger.database import writing
from ledger.distribution import together
from ledger.outcomes import TOMBSTONE, Head
from ledger.reading import ask, first_stream
from ledger.schema import books, metadata, store

_KEPT = (books, store)


class BookInUse(Exception):  # noqa: N818 (an answer, not a fault)
    """The book has a stream that it must not have to be deleted."""


def delete_book(engine: Engine, book: str, now: datetime, *, unless: Sequence[str] = ()) -> bool:
    """Deletes a book in one transaction; False when there is none.

    Raises BookInUse when one of its streams begins with one of these.
    """
    with writing(engine.execution_options(unhurried=True)) as connection:
        head = _locked(connection, book)
        if head is None or head.is_deleted:
            return False
        for prefix in unless:
            if first_stream(connection, book, prefix) is not None:
                raise BookInUse(book)
        for table in (each for each in metadata.sorted_tables if each not in _KEPT):
            connection.execute(delete(table).where(table.c.book == book))
        left = {"position": TOMBSTONE, "digest": b"", "recorded_at": written(now)}
        connection.execute(update(books).where(books.c.book == book).values(left))
    return True


def deleted_books(
    engine: Engine, among: Collection[str] | None, connection: Connection | None
) -> set[str]:
    """The books that were deleted, of all or of some."""
    gone = select(books.c.book).where(books.c.position < 0)

    def find(connection: Connection) -> set[str]:
        if among is None:
            return set(connection.execute(gone).scalars())
        parts = together(connection, sorted(among))
        queries = (gone.where(books.c.book.in_(part)) for part in parts)
        return {book for query in queries for book in connection.execute(query).scalars()}

    if among is not None and not among:
        return set()
    return ask(engine, find) if connection is None else find(connection)


def _locked(connection: Connection, book: str) -> Head | None:
    """Whoever writes it now has done so, and whoever comes waits."""
    head = select(books.c.position, books.c.digest, books.c.recorded_at).where(books.c.book == book)
    found = connection.execute(head.with_for_update()).one_or_none()
    return None if found is None else Head(*found)
