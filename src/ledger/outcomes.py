"""Append outcomes: done, idempotent replay or conflict, version conflict, value taken, no book.

Pure: given what is known of the books, appends are judged one after the other, each seeing what
those before it in the batch have done.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ledger.append import (
    NUMBER,
    Append,
    BookDeleted,
    Done,
    KeyReused,
    LostRace,
    Outcome,
    Replayed,
    Replied,
    Reply,
    ValueTaken,
)
from ledger.chain import link
from ledger.clock import written

Stream = tuple[str, str]  # book, stream
Value = tuple[str, str, str]  # book, kind, value
Key = tuple[str, str]  # book, key

# The position of a book that was deleted (`ledger.deletion`).
TOMBSTONE: Final = -1


class Head(NamedTuple):
    """The last position of a book, and what the next fact is chained to."""

    position: int
    digest: bytes
    recorded_at: str

    @property
    def is_deleted(self) -> bool:
        return self.position < 0


@dataclass(slots=True)
class Known:
    """What is known of the books before a batch.

    A stream, value or key that is absent is taken to be new: that is the truth when everything was
    looked up, and a guess the constraints of the tables check when it was not.
    """

    heads: dict[str, Head]
    versions: dict[Stream, int] = field(default_factory=dict)
    owners: dict[Value, str] = field(default_factory=dict)
    replies: dict[Key, Replied] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """The outcome of each append, and the rows that make them true.

    ``proven`` says that a guess which is wrong would break a constraint, and every append is done.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    events: list[tuple[str, int, str, int, str, str, str, str, bytes]] = field(default_factory=list)
    released: dict[tuple[str, str, str, str], None] = field(default_factory=dict)
    claimed: dict[Value, str] = field(default_factory=dict)
    expired: list[Key] = field(default_factory=list)
    replies: dict[Key, Replied] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    proven: bool = True

    @property
    def head_rows(self) -> list[tuple[str, int, bytes, str]]:
        return [(book, *head) for book, head in self.heads.items()]

    @property
    def claim_rows(self) -> list[tuple[str, str, str, str]]:
        return [(*value, stream) for value, stream in self.claimed.items()]

    @property
    def reply_rows(self) -> list[tuple[str, str, str, int, str, int, str]]:
        return [
            (*key, kept.fingerprint, kept.status, kept.body, kept.position, kept.expires_at)
            for key, kept in self.replies.items()
        ]


def plan(appends: Iterable[Append], known: Known, now: str) -> Plan:
    """Judges the appends in order. ``known`` is used up: it ends as the books will be."""
    result = Plan()
    for append in appends:
        refusal = _refusal(append, known, now)
        if refusal is None:
            result.outcomes.append(_accept(append, known, now, result))
        else:
            result.proven = False
            result.outcomes.append(refusal)
    return result


def streams_without_expectation(appends: Iterable[Append]) -> set[Stream]:
    """The streams that get their versions from the ledger."""
    return {
        (append.book, fact.stream)
        for append in appends
        for fact in append.facts
        if fact.stream not in append.expected
    }


def unproven_versions(appends: Iterable[Append]) -> dict[Stream, int]:
    """What is expected of streams, first of all, where no constraint can prove it.

    A new stream is proven by the unique constraint on its first version; one that has facts could
    be *behind* what is expected, and of one that gets none nothing is written.
    """
    versions: dict[Stream, int] = {}
    for append in appends:
        written = {fact.stream for fact in append.facts}
        for stream, version in append.expected.items():
            if version != 0 or stream not in written:
                versions.setdefault((append.book, stream), version)
    return versions


def _refusal(append: Append, known: Known, now: str) -> Outcome | None:
    book = append.book
    if known.heads[book].is_deleted:
        return BookDeleted()
    if append.reply is not None:
        before = known.replies.get((book, append.reply.key))
        if before is not None and before.expires_at > now:
            if before.fingerprint != append.reply.fingerprint:
                return KeyReused()
            return Replayed(before.status, before.body, before.position)
    for stream, expected in append.expected.items():
        if known.versions.get((book, stream), min(expected, 0)) != expected:
            return LostRace(stream)
    given_up = {(claim.kind, claim.value, claim.stream) for claim in append.releases}
    claimed: dict[tuple[str, str], str] = {}
    for claim in append.claims:
        owner = known.owners.get((book, claim.kind, claim.value))
        if owner is None or (claim.kind, claim.value, owner) in given_up:
            owner = claimed.setdefault((claim.kind, claim.value), claim.stream)
        if owner != claim.stream:
            return ValueTaken(claim.kind, claim.value, owner)
    return None


def _accept(append: Append, known: Known, now: str, result: Plan) -> Done:
    if append.facts:
        _chain(append, known, now, result)
    _move_claims(append, known, result)
    position = known.heads[append.book].position
    if append.reply is not None:
        _keep(append.book, append.reply, known, position, result)
    return Done(position)


def _chain(append: Append, known: Known, now: str, result: Plan) -> None:
    book, context, versions = append.book, append.context, known.versions
    head = known.heads[book]
    at = now if append.recorded_at is None else written(append.recorded_at)
    position, digest, recorded_at = head.position, head.digest, max(head.recorded_at, at)
    for fact in append.facts:
        stream = (book, fact.stream)
        is_expected = fact.stream in append.expected
        version = fact.version if is_expected else versions.get(stream, 0) + 1
        versions[stream] = version
        position += 1
        data = fact.data
        if fact.counted_in is not None:
            data = data.replace(NUMBER, str(versions[book, fact.counted_in]))
        digest = link(digest, fact.stream, version, fact.topic, data, context, recorded_at)
        result.events.append(
            (
                book,
                position,
                fact.stream,
                version,
                fact.topic,
                data,
                context,
                recorded_at,
                digest,
            )
        )
    known.heads[book] = result.heads[book] = Head(position, digest, recorded_at)


def _move_claims(append: Append, known: Known, result: Plan) -> None:
    for claim in append.releases:
        value = (append.book, claim.kind, claim.value)
        if value in result.claimed:
            # Nothing of the claim would be left for a constraint to refuse.
            result.proven = False
        if known.owners.get(value, claim.stream) == claim.stream:
            known.owners.pop(value, None)
            result.claimed.pop(value, None)
            result.released[*value, claim.stream] = None
    for claim in append.claims:
        value = (append.book, claim.kind, claim.value)
        if known.owners.get(value) != claim.stream:
            known.owners[value] = claim.stream
            result.claimed[value] = claim.stream


def _keep(book: str, reply: Reply, known: Known, position: int, result: Plan) -> None:
    key = (book, reply.key)
    if key in known.replies:
        result.expired.append(key)
    kept = Replied(reply.fingerprint, reply.status, reply.body, position, written(reply.expires_at))
    known.replies[key] = result.replies[key] = kept


def misnumbered(append: Append) -> str | None:
    """The stream whose facts do not carry the versions that follow the expected one, if any."""
    following = dict(append.expected)
    for fact in append.facts:
        if fact.stream in following:
            following[fact.stream] += 1
            if fact.version != following[fact.stream]:
                return fact.stream
    return None
