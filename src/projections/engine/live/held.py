"""A moment of the views that is held: one thing after another is asked of it."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Held:
    """``position`` is the moment's, ``behind`` how many facts it does not show.

    ``run`` has work done on a thread. It is one connection: whoever asks waits for the answer.
    """

    def __init__(
        self,
        connection: Connection,
        position: int,
        behind: int,
        run: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self.position = position
        self.behind = behind
        self._connection = connection
        self._run = run
        self._last: asyncio.Future[Any] | None = None

    async def ask(self, query: Callable[[Connection], T]) -> T:
        await self.idle()
        self._last = asyncio.ensure_future(self._run(partial(query, self._connection)))
        result: T = await asyncio.shield(self._last)
        return result

    async def idle(self) -> None:
        """Whoever stopped waiting stopped no thread: until none is at it any more."""
        if self._last is not None:
            await asyncio.wait({self._last})
