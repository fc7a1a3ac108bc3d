"""One moment: several questions about one book, all of which are answered from the same state."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Self, TypeVar

from sqlalchemy import Connection

from projections.engine.live.held import Held
from projections.engine.live.reader import QueryResult, Views

T = TypeVar("T")


class OneMoment:
    """Asks as `Views` does, of the moment of the first question: until it is let go, or the end."""

    def __init__(self, views: Views, book: str) -> None:
        self._views = views
        self._book = book
        self._turn = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._held: Held | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.let_go()

    async def ask(
        self, book: str, query: Callable[[Connection], T], *, wait_seconds: float = 2.0
    ) -> QueryResult[T]:
        """Of another book than its own it asks as ever."""
        if book != self._book:
            return await self._views.ask(book, query, wait_seconds=wait_seconds)
        async with self._turn:
            if self._held is None:
                begins = self._views.held(book, wait_seconds=wait_seconds)
                self._held = await self._stack.enter_async_context(begins)
            held = self._held
            return QueryResult(await held.ask(query), held.position, held.behind)

    async def let_go(self) -> None:
        """The next question is of another moment: after something was recorded, say."""
        async with self._turn:
            self._held = None
            await self._stack.aclose()
