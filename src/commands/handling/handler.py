"""Command handler: decide, append, answer; and again when somebody was faster."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, TypeVar

import orjson

from commands.handling.aggregate_cache import AggregateCache
from commands.handling.ids import Ids
from commands.handling.providers import Provider, RecordedByMerchant, Simulator
from commands.handling.unit_of_work import UnitOfWork
from domain.api_key import InvalidApiKey
from domain.book import Mode
from domain.errors import Conflict, NotFound, NotPermitted, Refusal, Unauthorized
from domain.fact import Entity
from ledger.append import (
    Append,
    BookDeleted,
    Done,
    KeyReused,
    LostRace,
    Outcome,
    Replayed,
    Reply,
    ValueTaken,
)
from ledger.clock import Clock
from ledger.facts import FactMapper
from ledger.keyring import Keyring
from ledger.ledger import Ledger

A = TypeVar("A", bound=Entity)
T = TypeVar("T")
Decide = Callable[[UnitOfWork], Awaitable[T]]
# Status and JSON text of an answer.
Response = tuple[int, str]

# Within a process commands on one aggregate queue, so only other processes can be faster: with
# eight of them at work on one payment, hardly one decision in a million loses as often as this.
_MOST_ATTEMPTS: Final = 100
_BEGUN: Final = 202
_REPLIES_LIVE: Final = timedelta(hours=24)


class IdempotencyConflict(Conflict):
    code = "idempotency_conflict"

    def __init__(self) -> None:
        super().__init__("this idempotency key was used with another body")


class StillUnderWay(Conflict):
    code = "idempotency_in_progress"

    def __init__(self) -> None:
        super().__init__(
            "what this idempotency key began is under way, or was interrupted: "
            "see what came of it, then ask with another key"
        )


class TooMuchContention(Conflict):
    code = "too_much_contention"

    def __init__(self) -> None:
        super().__init__("others keep changing this at the same moment: try again")


class NobodyThere(NotFound):
    """The book was deleted while the decision was made."""

    def __init__(self) -> None:
        super().__init__("this was deleted, with all that belongs to it")


@dataclass(frozen=True)
class Context:
    """Who asked, stored as JSON beside each fact; ``caused_by`` names the fact that led to it."""

    actor: str | None = None
    key_id: str | None = None
    request_id: str | None = None
    caused_by: str | None = None

    def text(self) -> str:
        return orjson.dumps(self).decode()


@dataclass(frozen=True)
class Idempotency:
    """``key``: scoped as "METHOD path key"; ``fingerprint``: tells one body from another."""

    key: str
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    """What the caller is told; ``position``: of the book's head as of the answer."""

    status: int
    body: str
    position: int
    replayed: bool


@dataclass(frozen=True)
class _Request:
    """One call of the handler, the same through all its attempts."""

    book: str
    refuse: Callable[[Refusal], Response]
    context: Context
    idempotency: Idempotency | None


class CommandHandler:
    """Carries out commands on all books: one per process, used from one event loop.

    ``keyring``: with what secrets are sealed; without one no command that seals is carried out.
    ``cache_size``: how many aggregates are kept in memory.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Clock,
        ids: Ids,
        providers: Mapping[Mode, Provider] | None = None,
        keyring: Keyring | None = None,
        cache_size: int = 20_000,
    ) -> None:
        self.clock = clock
        self.ids = ids
        self.keyring = keyring or Keyring()
        self._ledger = ledger
        self._mapper = FactMapper()
        self._aggregates = AggregateCache(ledger, size=cache_size)
        self._providers = providers or {"test": Simulator(), "live": RecordedByMerchant()}

    def close(self) -> None:
        self._aggregates.close()

    async def handle(
        self,
        book: str,
        decide: Decide[T],
        *,
        present: Callable[[T], Response],
        refuse: Callable[[Refusal], Response],
        context: Context,
        idempotency: Idempotency | None = None,
        reaches_outside: bool = False,
    ) -> Answer:
        """Lets ``decide`` decide, appends what it recorded, and answers.

        ``present`` and ``refuse`` write the answer before the append, which stores it under the
        idempotency key. What ``reaches_outside`` of the book is no part of the append: that it
        begins is written first, so that a key begins it once. Raises the Refusal when there is no
        key, IdempotencyConflict, StillUnderWay, and TooMuchContention after a hundred lost races.
        """
        request = _Request(book, refuse, context, idempotency)
        if reaches_outside and idempotency is not None:
            before = await self._begun_before(request, idempotency)
            if before is not None:
                return before
        for _ in range(_MOST_ATTEMPTS):
            locks: list[asyncio.Lock] = []
            try:
                answer = await self._attempt(request, decide, present, locks)
            finally:
                for lock in locks:
                    lock.release()
            if answer is not None:
                return answer
        raise TooMuchContention

    async def perform(self, book: str, decide: Decide[T], *, context: Context | None = None) -> T:
        """The same for callers inside the house, who want the thing itself and not its JSON."""
        results: list[T] = []

        def present(result: T) -> Response:
            results.append(result)
            return 200, ""

        def refuse(refusal: Refusal) -> Response:
            raise refusal

        await self.handle(
            book, decide, present=present, refuse=refuse, context=context or Context()
        )
        return results[-1]

    async def load_recent(
        self, kind: type[A], book: str, stream: str, *, by_now: bool = False
    ) -> A | None:
        """An aggregate as it was half a second ago or later; None when there is none.

        ``by_now``: as it is now, whatever other processes have just written.
        """
        if by_now:
            loaded = await self._aggregates.load_now(book, stream)
        else:
            loaded = await self._aggregates.load(book, stream, fresh=True)
        found = loaded and loaded.aggregate
        return found if isinstance(found, kind) else None

    async def _begun_before(self, request: _Request, asked: Idempotency) -> Answer | None:
        """What was answered under a key; None for whoever is the first to begin anything by it."""
        beginning = replace(request, idempotency=replace(asked, key=f"begun {asked.key}"))
        begun = await self._recorded(request, self._append(beginning, (_BEGUN, "")))
        if not _answer((_BEGUN, ""), begun).replayed:
            return None
        kept = await asyncio.to_thread(self._ledger.reply, request.book, asked.key)
        if kept is None:
            raise StillUnderWay
        return Answer(kept.status, kept.body, kept.position, replayed=True)

    async def _attempt(
        self,
        request: _Request,
        decide: Decide[T],
        present: Callable[[T], Response],
        locks: list[asyncio.Lock],
    ) -> Answer | None:
        """One run of the decision; None when it must be run again."""
        work = self._unit_of_work(request.book, locks)
        try:
            response = present(await decide(work))
        except Refusal as refusal:
            return await self._refuse(request, work, refusal)
        # The append checks a decision that writes; one that writes nothing is checked by reading.
        if not work.facts:
            if await self._is_outdated(work):
                return None
            if request.idempotency is None and not work.claims and not work.releases:
                return Answer(*response, await self._aggregates.head(request.book), replayed=False)
        outcome = await self._recorded(request, self._append(request, response, work))
        match outcome:
            case Done():
                counted = work.counted
                self._aggregates.keep(request.book, work.changed)
                self._aggregates.forget(request.book, counted)
            case LostRace():
                self._aggregates.forget(request.book, work.expected)
                return None
            case ValueTaken(kind, value, owner):
                taken = work.claims[kind, value].taken
                return None if taken is None else await self._refuse(request, work, taken(owner))
        return _answer(response, outcome)

    async def _refuse(self, request: _Request, work: UnitOfWork, refusal: Refusal) -> Answer | None:
        """A refusal is an answer too: under a key it is stored, and said again when asked again.

        But not to somebody who did not show that they may ask: they neither leave an answer under
        a key nor learn what is there.
        """
        if await self._is_outdated(work):
            return None
        if request.idempotency is None or isinstance(refusal, (Unauthorized, NotPermitted)):
            raise refusal
        response = request.refuse(refusal)
        return _answer(response, await self._recorded(request, self._append(request, response)))

    async def _recorded(self, request: _Request, append: Append) -> Outcome:
        """What became of it; to a deleted book no key is known, and without one nobody is there."""
        outcome = await self._ledger.append_async(append)
        if isinstance(outcome, BookDeleted):
            raise NobodyThere if request.context.key_id is None else InvalidApiKey
        return outcome

    async def _is_outdated(self, work: UnitOfWork) -> bool:
        return await self._aggregates.have_moved(work.book, work.unchecked)

    def _unit_of_work(self, book: str, locks: list[asyncio.Lock]) -> UnitOfWork:
        return UnitOfWork(
            book,
            now=self.clock(),
            ids=self.ids,
            providers=self._providers,
            keyring=self.keyring,
            aggregates=self._aggregates,
            locks=locks,
        )

    def _append(
        self, request: _Request, response: Response, work: UnitOfWork | None = None
    ) -> Append:
        reply = None
        if request.idempotency is not None:
            reply = Reply(
                request.idempotency.key,
                request.idempotency.fingerprint,
                *response,
                expires_at=self.clock() + _REPLIES_LIVE,
            )
        if work is None:
            return Append(request.book, reply=reply, context=request.context.text())
        return Append(
            request.book,
            facts=tuple(self._mapper.encode(fact) for fact in work.facts),
            expected=work.expected,
            claims=tuple(claimed.claim for claimed in work.claims.values()),
            releases=tuple(work.releases),
            reply=reply,
            context=request.context.text(),
        )


def _answer(response: Response, outcome: Outcome) -> Answer:
    match outcome:
        case Done(position):
            return Answer(*response, position, replayed=False)
        case Replayed(status, body, position):
            return Answer(status, body, position, replayed=True)
        case KeyReused():
            raise IdempotencyConflict
        case LostRace() | ValueTaken() | BookDeleted():
            raise TooMuchContention
