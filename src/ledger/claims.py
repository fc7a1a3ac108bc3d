"""Claim look-ups: who holds a value, and what is held before one (so: what is due)."""

from sqlalchemy import Engine, select

from ledger.reading import ask
from ledger.schema import books, claims

# Code points in between are no characters, and no database takes them.
_SURROGATES, _AFTER_SURROGATES = 0xD800, 0xE000


def owner(engine: Engine, book: str, kind: str, value: str) -> str | None:
    query = select(claims.c.stream).where(
        claims.c.book == book, claims.c.kind == kind, claims.c.value == value
    )
    return ask(engine, lambda connection: connection.execute(query).scalar())


def owners(engine: Engine, book: str, kind: str, prefix: str) -> list[tuple[str, str]]:
    query = (
        select(claims.c.value, claims.c.stream)
        .where(claims.c.book == book, claims.c.kind == kind, claims.c.value >= prefix)
        .order_by(claims.c.value)
    )
    end = _end_of(prefix)
    if end is not None:
        query = query.where(claims.c.value < end)
    return ask(
        engine, lambda connection: [(value, stream) for value, stream in connection.execute(query)]
    )


def owners_between(
    engine: Engine, book: str, kind: str, *, after: str, before: str, limit: int
) -> list[tuple[str, str]]:
    query = (
        select(claims.c.value, claims.c.stream)
        .where(
            claims.c.book == book,
            claims.c.kind == kind,
            claims.c.value > after,
            claims.c.value < before,
        )
        .order_by(claims.c.value)
        .limit(limit)
    )
    return ask(
        engine, lambda connection: [(value, stream) for value, stream in connection.execute(query)]
    )


def books_holding(engine: Engine, kind: str, *, before: str | None) -> list[str]:
    # One step into the index for each book, however much it holds.
    held = select(claims.c.book).where(claims.c.book == books.c.book, claims.c.kind == kind)
    if before is not None:
        held = held.where(claims.c.value < before)
    query = select(books.c.book).where(held.exists()).order_by(books.c.book)
    return ask(engine, lambda connection: list(connection.execute(query).scalars()))


def _end_of(prefix: str) -> str | None:
    """The first text, byte by byte, that is behind all that begin with the prefix."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_AFTER_SURROGATES if following == _SURROGATES else following)
