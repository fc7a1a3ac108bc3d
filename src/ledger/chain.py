"""Hash chain: each fact is chained to the one before by its digest; where a chain was broken."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct

from ledger.append import StoredFact

_LENGTHS = Struct(">7Q").pack


def genesis(book: str) -> bytes:
    """What the first fact of a book is chained to: so a fact copied into another book shows."""
    return sha256(book.encode()).digest()


def link(
    previous: bytes,
    stream: str,
    version: int,
    topic: str,
    data: str,
    context: str,
    recorded_at: str,
) -> bytes:
    """The digest of a fact: SHA-256 over seven lengths (64-bit, big endian), then seven values.

    The lengths come first, so no two different facts are written the same way. Text is UTF-8, the
    version is its decimal digits.
    """
    a, b, c = stream.encode(), b"%d" % version, topic.encode()
    d, e, f = data.encode(), context.encode(), recorded_at.encode()
    lengths = _LENGTHS(len(previous), len(a), len(b), len(c), len(d), len(e), len(f))
    return sha256(b"".join((lengths, previous, a, b, c, d, e, f))).digest()


def follows(fact: StoredFact, previous: bytes) -> bool:
    return fact.digest == link(
        previous,
        fact.stream,
        fact.version,
        fact.topic,
        fact.data,
        fact.context,
        fact.recorded_at,
    )


@dataclass(frozen=True, slots=True)
class Chain:
    """A book whose every fact is as it was recorded, up to its head."""

    position: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class BrokenChain:
    """The first position of a book that is not as it was recorded, and what happened to it."""

    book: str
    position: int
    reason: str


def walk(
    book: str, head: Chain, facts_after: Callable[[int], Iterable[StoredFact]]
) -> Chain | BrokenChain:
    """Recomputes the chain of a book and compares it with the head.

    ``facts_after(n)`` gives the facts after position n, in order, without holding them all.
    """
    position, digest = 0, genesis(book)
    for fact in facts_after(0):
        if fact.position > head.position:
            return BrokenChain(book, fact.position, "added: it stands behind the head of the book")
        if fact.position != position + 1:
            return BrokenChain(book, position + 1, "missing")
        if not follows(fact, digest):
            return BrokenChain(book, fact.position, _what_happened(fact, digest, facts_after))
        position, digest = fact.position, fact.digest
    if position != head.position:
        return BrokenChain(book, position + 1, "missing")
    if digest != head.digest:
        return BrokenChain(book, position, "changed: its digest is not the one the head keeps")
    return head


def _what_happened(
    fact: StoredFact, previous: bytes, facts_after: Callable[[int], Iterable[StoredFact]]
) -> str:
    later: Iterator[StoredFact] = iter(facts_after(fact.position))
    for other in later:
        if follows(other, previous):
            return f"reordered: the fact that belongs here stands at position {other.position}"
    return "changed"
