"""Verifying a book: its chain recomputed from the first fact to the head."""

from collections.abc import Iterator

from sqlalchemy import Engine, func, select

from ledger.append import StoredFact
from ledger.chain import BrokenChain, Chain, genesis, walk
from ledger.reading import ask, read
from ledger.schema import books, events

_PAGE = 1000


def verify(engine: Engine, book: str) -> Chain | BrokenChain:
    """Of a book that was deleted nothing may be there any more."""
    chain = _verified(engine, book)
    if isinstance(chain, BrokenChain) and _is_deleted(engine, book):
        # Perhaps only just, in the middle of it.
        return _verified(engine, book)
    return chain


def _is_deleted(engine: Engine, book: str) -> bool:
    query = select(books.c.position).where(books.c.book == book, books.c.position < 0)
    return ask(engine, lambda connection: connection.execute(query).first()) is not None


def _verified(engine: Engine, book: str) -> Chain | BrokenChain:
    # One statement, one moment: a fact recorded meanwhile is behind both or neither.
    last = select(func.max(events.c.position)).where(events.c.book == book).scalar_subquery()
    query = select(books.c.position, books.c.digest, last).where(books.c.book == book)
    found = ask(engine, lambda connection: connection.execute(query).one_or_none())
    if found is None or found.position < 0:
        stray = read(engine, book, limit=1)
        if stray:
            why = "has no head" if found is None else "was deleted"
            return BrokenChain(book, stray[0].position, f"added: the book {why}")
        return Chain(0, genesis(book))
    position, digest, written_upto = found
    if written_upto is not None and written_upto > position:
        return BrokenChain(book, position + 1, "added: it stands behind the head of the book")
    return walk(book, Chain(position, digest), lambda after: _all(engine, book, after, position))


def _all(engine: Engine, book: str, after: int, upto: int) -> Iterator[StoredFact]:
    while page := read(engine, book, after=after, upto=upto, limit=_PAGE):
        yield from page
        after = page[-1].position
