"""Server-sent events: texts told one after another, until whoever reads them is gone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http.connection import ENDLESS
from api.http.failures import answer_to, is_fault
from api.http.request import ApiRequest
from api.http.streaming import until_gone
from projections.engine.turns import organization_of

# A browser that was cut off comes back after so many milliseconds.
RETRY: Final = b"retry: 1000\n"
HEADERS: Final = {"X-Accel-Buffering": "no"}


class ServerSent(Response):
    """What goes wrong before the ``first`` text is answered as ever; then come ``following`` ones.

    Whoever takes nothing is cut off by their connection, and may come back.
    """

    def __init__(self, request: ApiRequest) -> None:
        # Without a body of its own there is no length to state.
        self.status_code = 200
        self.media_type = "text/event-stream"
        self.background = None
        self.init_headers(HEADERS)
        self.request = request
        self.streams = request.dependencies.streams

    async def first(self) -> bytes:
        raise NotImplementedError

    def following(self, grown: asyncio.Event, gone: asyncio.Task[None]) -> AsyncIterator[bytes]:
        """``grown`` is set when the book has grown, and when somebody is ``gone``."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        book = self.request.book_name
        async with self.streams.turns.turn(organization_of(book)):
            first = await self.first()
            scope[ENDLESS] = True
            gone = asyncio.create_task(until_gone(receive))
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            try:
                await send(_part(first))
                with self.streams.growth.watching(book) as grown:
                    gone.add_done_callback(lambda _: grown.set())
                    async for text in self.following(grown, gone):
                        await send(_part(text))
            except Exception as error:
                # Whoever comes back is told what is the matter.
                if is_fault(answer_to(error)):
                    raise
            finally:
                gone.cancel()
            await send({"type": "http.response.body", "body": b""})


async def set_by(event: asyncio.Event, until: float) -> None:
    """Waits for the event, until a moment of the monotonic clock at the latest."""
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, until - time.monotonic())):
            await event.wait()


def _part(text: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": text, "more_body": True}
