"""Unit of work: the book, the moment and the aggregates that one command reads and changes."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from commands.handling.aggregate_cache import AggregateCache
from commands.handling.due_index import due
from commands.handling.ids import Ids
from commands.handling.providers import Provider
from domain.book import Book, Mode
from domain.errors import Refusal
from domain.fact import Counted, Entity, Fact
from ledger.append import Claim
from ledger.keyring import Keyring

A = TypeVar("A", bound=Entity)


@dataclass(frozen=True)
class Claimed:
    """A claim, and what to say to the one who asked when it is another's."""

    claim: Claim
    taken: Callable[[str], Refusal] | None


class UnitOfWork:
    """Everything one run of one decision reads, changes, claims and gives up.

    A decision that loses a race is run again with a new unit of work.
    """

    def __init__(
        self,
        book: str,
        *,
        now: datetime,
        ids: Ids,
        providers: Mapping[Mode, Provider],
        keyring: Keyring,
        aggregates: AggregateCache,
        locks: list[asyncio.Lock],
    ) -> None:
        named = Book.named(book)
        self.book = book
        self.org_id: str = named.org_id
        self.mode: Mode = named.mode
        self.now = now
        self.ids = ids
        self.provider = providers[named.mode]
        self.keyring = keyring
        self._claims: dict[tuple[str, str], Claimed] = {}
        self._releases: list[Claim] = []
        self._aggregates = aggregates
        self._locks = locks
        self._noted: list[Fact] = []
        self._loaded: dict[str, Entity] = {}
        self._versions: dict[str, int] = {}
        self._wakes_before: dict[str, datetime | None] = {}
        self._found_before: dict[str, frozenset[tuple[str, str]]] = {}
        self._from_cache: set[str] = set()
        self._guarded: set[str] = set()
        self._holds_a_lock = False

    async def load_for_update(self, kind: type[A], stream: str) -> A:
        """An aggregate this command means to change; other commands on it wait for its lock.

        One it has loaded before is taken as it was loaded, without waiting: should another
        command be faster, the append will say so. Raises the aggregate's NotFound.
        """
        if stream not in self._loaded:
            await self.lock(stream)
        return await self._load(kind, stream)

    async def load_recent(self, kind: type[A], stream: str) -> A:
        """An aggregate this command only asks; at most a second older than the ledger."""
        return await self._load(kind, stream, fresh=True)

    async def load_guarded(self, kind: type[A], stream: str) -> A:
        """An aggregate this command only asks, and that is still so when the append is made."""
        aggregate = await self._load(kind, stream)
        self._guarded.add(stream)
        return aggregate

    async def load_settled(self, kind: type[A], stream: str) -> A | None:
        """One of which all was written with something else, or nothing ever will be: then None."""
        loaded = await self._aggregates.load_settled(self.book, stream)
        found = loaded and loaded.aggregate
        return found if isinstance(found, kind) else None

    def leave_out(self, stream: str) -> None:
        """What could be added with what this command adds is not: nobody need look for it."""
        self._aggregates.leave_out(self.book, stream)

    async def load_stale(self, kind: type[A], stream: str) -> A:
        """An aggregate as it may have been, on which nothing is decided yet."""
        loaded = await self._aggregates.load(self.book, stream)
        if loaded is None or not isinstance(loaded.aggregate, kind):
            raise kind.not_found(stream)
        return loaded.aggregate

    async def lock(self, stream: str) -> None:
        """Waits until no other command is changing an aggregate, before it is loaded."""
        await self._aggregates.lock(self.book, stream, self._locks, wait=not self._holds_a_lock)
        self._holds_a_lock = True

    def note(self, fact: Fact) -> None:
        """A fact that needs no decision: no version of its stream is expected."""
        self._noted.append(fact)

    def add(self, aggregate: Entity) -> None:
        """A new aggregate."""
        self._loaded[aggregate.id] = aggregate
        self._versions[aggregate.id] = 0
        self._wakes_before[aggregate.id] = None
        self._found_before[aggregate.id] = frozenset()

    def added(self, kind: type[A], stream: str) -> A | None:
        """What this command has added, or loaded; the ledger is not asked."""
        found = self._loaded.get(stream)
        return found if isinstance(found, kind) else None

    def claim(
        self, kind: str, value: str, stream: str, taken: Callable[[str], Refusal] | None = None
    ) -> None:
        """Makes a value the stream's own within the book.

        ``taken`` builds the refusal from the owner's stream; without it the decision is run again
        when somebody else holds the value, and is expected to find them.
        """
        self._claims[kind, value] = Claimed(Claim(kind, value, stream), taken)

    def release(self, kind: str, value: str, stream: str) -> None:
        """Gives a value up; one that is not held by the stream stays where it is."""
        self._releases.append(Claim(kind, value, stream))

    async def owner(self, kind: str, value: str) -> str | None:
        return await self._aggregates.owner(self.book, kind, value)

    async def owners(self, kind: str, prefix: str) -> list[tuple[str, str]]:
        """The values that begin so, in their order, each with the stream that holds it."""
        return await self._aggregates.owners(self.book, kind, prefix)

    async def head(self) -> int:
        """The last position of the book."""
        return await self._aggregates.head(self.book)

    async def position_before(self, moment: datetime) -> int:
        """The position of the last fact that was recorded before a moment; 0: there is none."""
        return await self._aggregates.position_before(self.book, moment)

    async def streams_found_by(self, kind: str, prefix: str) -> list[str]:
        """Those found by a value that begins so, as the ledger knows them or this command does."""
        found = {stream: None for _, stream in await self.owners(kind, prefix)}
        for each in self._loaded.values():
            if any(kind == of and value.startswith(prefix) for of, value in each.found_by):
                found[each.id] = None
        return list(found)

    @property
    def claims(self) -> dict[tuple[str, str], Claimed]:
        """What is made a stream's own: what it is found by, and when it is to be looked at next."""
        moved = [self._due(each.id, each.wakes_at) for each in self._rescheduled]
        moved += [
            Claim(kind, value, each.id)
            for each in self.changed
            for kind, value in sorted(each.found_by - self._found_before[each.id])
        ]
        return self._claims | {
            (claim.kind, claim.value): Claimed(claim, None) for claim in moved if claim is not None
        }

    @property
    def releases(self) -> list[Claim]:
        moved = [self._due(each.id, self._wakes_before[each.id]) for each in self._rescheduled]
        moved += [
            Claim(kind, value, each.id)
            for each in self.changed
            for kind, value in sorted(self._found_before[each.id] - each.found_by)
        ]
        return self._releases + [claim for claim in moved if claim is not None]

    @cached_property
    def _rescheduled(self) -> list[Entity]:
        return [each for each in self.changed if each.wakes_at != self._wakes_before[each.id]]

    def _due(self, stream: str, at: datetime | None) -> Claim | None:
        return None if at is None else Claim(*due(stream, at), stream)

    @cached_property
    def changed(self) -> list[Entity]:
        """The aggregates on which something was recorded, in the order they were first loaded.

        To be asked once the decision has been made.
        """
        return [aggregate for aggregate in self._loaded.values() if aggregate.pending_events]

    @property
    def facts(self) -> list[Fact]:
        facts: list[Fact] = []
        for aggregate in self.changed:
            for fact in aggregate.pending_events:
                if isinstance(fact, Counted):
                    facts.append(fact.counting())
                if isinstance(fact, Fact):
                    facts.append(fact)
        return facts + self._noted

    @property
    def counted(self) -> list[str]:
        """The streams of which the ledger knows more, once this is appended, than they do."""
        return [
            aggregate.id
            for aggregate in self.changed
            if any(isinstance(fact, Counted) for fact in aggregate.pending_events)
        ]

    @property
    def expected(self) -> dict[str, int]:
        """For each stream that changes, or must not have changed, its version before."""
        streams = self._guarded.union(aggregate.id for aggregate in self.changed)
        return {stream: self._versions[stream] for stream in streams}

    @property
    def unchecked(self) -> dict[str, int]:
        """The versions of what came from memory: the ledger may know more of these by now."""
        return {stream: self._versions[stream] for stream in self._from_cache}

    async def _load(self, kind: type[A], stream: str, *, fresh: bool = False) -> A:
        if stream not in self._loaded:
            loaded = await self._aggregates.load(self.book, stream, fresh=fresh)
            if loaded is None:
                raise kind.not_found(stream)
            self._loaded[stream] = loaded.aggregate
            self._versions[stream] = loaded.aggregate.version
            self._wakes_before[stream] = loaded.aggregate.wakes_at
            self._found_before[stream] = loaded.aggregate.found_by
            if loaded.from_cache:
                self._from_cache.add(stream)
        aggregate = self._loaded[stream]
        if not isinstance(aggregate, kind):
            raise kind.not_found(stream)
        return aggregate
