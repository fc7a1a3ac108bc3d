"""Claims: which stream holds a unique value; each question is one short statement."""

from sqlalchemy import Engine, exists, select

from ledger.append import Claim
from ledger.reading import ask
from ledger.schema import books, claims, events

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


def unfounded_claim(engine: Engine, book: str) -> Claim | None:
    """The first value that is held for a stream without facts."""
    founded = exists().where(events.c.book == claims.c.book, events.c.stream == claims.c.stream)
    query = (
        select(claims.c.kind, claims.c.value, claims.c.stream)
        .where(claims.c.book == book, ~founded)
        .order_by(claims.c.kind, claims.c.value)
        .limit(1)
    )
    # All claims of a book are looked at before the answer is that there is none.
    patient = engine.execution_options(unhurried=True)
    found = ask(patient, lambda connection: connection.execute(query).one_or_none())
    return None if found is None else Claim(*found)


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


def books_holding(engine: Engine, kind: str, *, before: str) -> list[str]:
    # One step into the index for each book, however much it holds.
    held = (
        select(claims.c.book)
        .where(claims.c.book == books.c.book, claims.c.kind == kind, claims.c.value < before)
        .exists()
    )
    query = select(books.c.book).where(held).order_by(books.c.book)
    return ask(engine, lambda connection: list(connection.execute(query).scalars()))


def _end_of(prefix: str) -> str | None:
    """The first text, byte by byte, that is behind all that begin with the prefix."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(_AFTER_SURROGATES if following == _SURROGATES else following)
