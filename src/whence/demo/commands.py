"""Demo commands: carried out at moments of the made-up year, on what is in memory.

The decisions are those of the service, billing included; only the ledger is filled in batches.
"""

import heapq
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime

from commands.billing import bill
from commands.handling.aggregate_cache import AggregateCache, Loaded
from commands.handling.ids import Ids
from commands.handling.providers import Provider
from commands.handling.unit_of_work import UnitOfWork
from domain.book import MODES, Mode
from domain.fact import Entity
from ledger.keyring import Keyring
from whence.demo.memberships import Banks

Decide = Callable[[UnitOfWork], Awaitable[object]]


class Commands:
    """Carries out one decision after the other, and whatever is due before it.

    ``entities`` is everything that has come to be until now; ``keep`` is given each unit of work
    whose facts are to be recorded.
    """

    def __init__(
        self, book: str, entities: dict[str, Entity], *, seed: int, keep: Callable[..., None]
    ) -> None:
        self._book = book
        self._entities = entities
        self._keep = keep
        self._now = datetime.min.replace(tzinfo=UTC)
        self._ids = Ids.seeded(lambda: self._now, seed)
        banks = Banks(seed)
        self._providers: Mapping[Mode, Provider] = dict.fromkeys(MODES, banks)
        self._aggregates = _InMemory(entities)
        # When what has to be looked at again; what has been moved since is passed over.
        self._due: list[tuple[datetime, str]] = []

    async def perform(self, at: datetime, decide: Decide) -> None:
        self._now = at
        work = UnitOfWork(
            self._book,
            now=at,
            ids=self._ids,
            providers=self._providers,
            keyring=Keyring(),
            aggregates=self._aggregates,
            locks=[],
        )
        await decide(work)
        self._keep(work)
        self._aggregates.claim(work)
        for entity in work.changed:
            entity.collect_events()
            self._entities[entity.id] = entity
            if entity.wakes_at is not None:
                heapq.heappush(self._due, (entity.wakes_at, entity.id))

    async def bill_until(self, moment: datetime) -> None:
        """Does whatever is due by a moment, each at the moment at which it is."""
        while self._due and self._due[0][0] <= moment:
            at, stream = heapq.heappop(self._due)
            if self._entities[stream].wakes_at == at:
                await self.perform(at, lambda work, due=stream: bill(work, due))  # type: ignore[misc]


class _InMemory(AggregateCache):
    """All there is, without a ledger behind it: nobody else writes into the book."""

    def __init__(self, entities: dict[str, Entity]) -> None:
        self._entities = entities
        self._owners: dict[tuple[str, str], str] = {}

    def claim(self, work: UnitOfWork) -> None:
        for given_up in work.releases:
            if self._owners.get((given_up.kind, given_up.value)) == given_up.stream:
                del self._owners[given_up.kind, given_up.value]
        for claimed in work.claims.values():
            claim = claimed.claim
            self._owners[claim.kind, claim.value] = claim.stream

    async def load(self, book: str, stream: str, *, fresh: bool = False) -> Loaded | None:  # noqa: ARG002 (it is always fresh)
        found = self._entities.get(stream)
        return None if found is None else Loaded(found.copy(), from_cache=False)

    async def load_settled(self, book: str, stream: str) -> Loaded | None:
        return await self.load(book, stream)

    def leave_out(self, book: str, stream: str) -> None:
        """Whatever is not there, is not there."""

    async def lock(self, book: str, stream: str, locks: Iterable[object], *, wait: bool) -> None:
        """Nobody else is there."""

    async def owner(self, book: str, kind: str, value: str) -> str | None:  # noqa: ARG002 (there is one)
        return self._owners.get((kind, value))

    async def owners(self, book: str, kind: str, prefix: str) -> list[tuple[str, str]]:  # noqa: ARG002 (there is one)
        return sorted(
            (value, stream)
            for (of, value), stream in self._owners.items()
            if of == kind and value.startswith(prefix)
        )
