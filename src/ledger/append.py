"""Appends: what the ledger may be asked to write, and the outcomes it may answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

# Stands in data for a number that only the ledger can give; no JSON text holds this character.
NUMBER: Final = "\x00"


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact that wants to be recorded. ``data`` is stored and digested exactly as given.

    Unless ``counted_in`` names a stream without expectation that got a fact before this one, in
    the same append: NUMBER becomes the version it got. So numbers have no gaps, and nobody waits.
    """

    stream: str
    version: int
    topic: str
    data: str
    counted_in: str | None = None


# Not frozen: that costs a microsecond for each fact read, and a rebuild reads all there are.
@dataclass(slots=True)
class StoredFact:
    """A fact as it stands in the ledger: ``recorded_at`` is RFC 3339 with microseconds and Z."""

    book: str
    position: int
    stream: str
    version: int
    topic: str
    data: str
    context: str
    recorded_at: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that only one stream of the book may hold at a time."""

    kind: str
    value: str
    stream: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command, kept under its idempotency key until it expires."""

    key: str
    fingerprint: str
    status: int
    body: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Append:
    """What one command wants written, all or nothing.

    ``expected`` names for each stream its version before the first of the facts (0 for a stream
    that has none yet); the facts of such a stream carry the versions that follow. It may also name
    a stream that gets no fact, and must not have got one meanwhile. A stream that is absent from it
    is appended without expectation, and gets its versions from the ledger.
    Releases happen before claims. ``recorded_at`` is for a history that is made up: none goes back
    behind what its book has.
    """

    book: str
    facts: tuple[NewFact, ...] = ()
    expected: Mapping[str, int] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    releases: tuple[Claim, ...] = ()
    reply: Reply | None = None
    context: str = "{}"
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """It is recorded, durably; ``position`` is that of its last fact (the head without facts)."""

    position: int


@dataclass(frozen=True, slots=True)
class LostRace:
    """The stream is not at the expected version: decide again on what it is now."""

    stream: str


@dataclass(frozen=True, slots=True)
class ValueTaken:
    """Another stream holds the value."""

    kind: str
    value: str
    owner: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """The key was used before, by the same request: this is what was answered then."""

    status: int
    body: str
    position: int


@dataclass(frozen=True, slots=True)
class KeyReused:
    """The key was used before, by another request."""


@dataclass(frozen=True, slots=True)
class BookDeleted:
    """The book was deleted: it takes nothing any more."""


Outcome = Done | LostRace | ValueTaken | Replayed | KeyReused | BookDeleted


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply that is kept: what was asked, what was answered, and where the book stood."""

    fingerprint: str
    status: int
    body: str
    position: int
    expires_at: str
