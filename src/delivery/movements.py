"""Movements: up to which fact the views of a book are, and what facts have moved since another.

Asked once for all who watch: a thousand open pages cost one question each time a book grows.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from commands.handling.ids import looks_like_an_id
from ledger.append import StoredFact
from ledger.ledger import Ledger
from projections.engine.live.reader import Views

# Those who are told of the same growth ask within so long, and are answered together.
_GATHERED_SECONDS: Final = 0.03
_PATIENCE_SECONDS: Final = 2.0
_MOST_FACTS: Final = 256
_MOST_BOOKS: Final = 256
_MOST_NAMED: Final = 64
# That somebody signs in, or that a key is used, shows on no page but that of those.
_QUIET: Final = ("console_session.", "organization.key_used")


@dataclass(frozen=True, slots=True)
class Reached:
    """``late_seconds``: so long it took until the views were there, as of when it was asked."""

    position: int
    behind: int
    late_seconds: float


class Movements:
    """Lives on one event loop; what it keeps of a book are the names in its last facts."""

    def __init__(self, ledger: Ledger, views: Views) -> None:
        self._ledger = ledger
        self._views = views
        self._gathering: dict[str, asyncio.Task[Reached]] = {}
        self._latest: OrderedDict[str, _Latest] = OrderedDict()

    async def reached(self, book: str) -> Reached:
        """As every query: at least as far as the book was when this was asked.

        Raises ViewsRebuilding.
        """
        task = self._gathering.get(book)
        if task is None:
            task = self._gathering[book] = asyncio.create_task(self._asked(book))
            task.add_done_callback(_heard)
        # Whoever leaves takes it from none of the others.
        return await asyncio.shield(task)

    def moved(self, book: str, after: int, upto: int) -> list[str] | None:
        """Ids of what the facts after one position, up to and with another, are about.

        More may be told. None: too many to name, or unknown.
        """
        latest = self._latest.get(book)
        return None if latest is None or latest.upto < upto else latest.since(after)

    async def _asked(self, book: str) -> Reached:
        await asyncio.sleep(_GATHERED_SECONDS)
        # Whoever comes from now on may have seen more recorded than is asked for here.
        del self._gathering[book]
        began = time.monotonic()
        found = await self._views.ask(book, lambda _views: None, wait_seconds=_PATIENCE_SECONDS)
        late = time.monotonic() - began
        await self._follow(book, found.position)
        return Reached(found.position, found.behind, late)

    async def _follow(self, book: str, position: int) -> None:
        latest = self._latest.get(book)
        if latest is None or position - latest.upto > _MOST_FACTS:
            latest = _Latest(position, position)
        elif position > latest.upto:
            facts = await asyncio.to_thread(
                self._ledger.read, book, after=latest.upto, upto=position, limit=_MOST_FACTS
            )
            latest.take(facts)
        # Meanwhile it may have been forgotten, for others.
        self._latest[book] = latest
        self._latest.move_to_end(book)
        if len(self._latest) > _MOST_BOOKS:
            self._latest.popitem(last=False)


@dataclass(slots=True)
class _Latest:
    """What the facts after one position, up to and with another, are about."""

    after: int
    upto: int
    names: deque[tuple[int, frozenset[str]]] = field(default_factory=deque)

    def take(self, facts: Iterable[StoredFact]) -> None:
        for fact in facts:
            if fact.position <= self.upto:
                continue
            self.upto = fact.position
            self.names.append((fact.position, frozenset(_named(fact))))
            if len(self.names) > _MOST_FACTS:
                self.after = self.names.popleft()[0]

    def since(self, after: int) -> list[str] | None:
        if after < self.after:
            return None
        named = frozenset[str]().union(*(each for at, each in self.names if at > after))
        return sorted(named) if len(named) <= _MOST_NAMED else None


def _named(fact: StoredFact) -> Iterator[str]:
    """What a fact is of, whose it is, and what else it names: the link, say, that brought it.

    By ids of ours alone: what others call something may say who it is.
    """
    if fact.topic.startswith(_QUIET):
        return
    data: dict[str, Any] = orjson.loads(fact.data)
    for each in (fact.stream, *data.values()):
        if isinstance(each, str) and looks_like_an_id(each):
            yield each


def _heard(task: asyncio.Task[Reached]) -> None:
    if not task.cancelled():
        task.exception()  # it has been told to all who were still there
