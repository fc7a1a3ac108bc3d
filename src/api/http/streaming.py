"""Streamed answers, too long to hold: read at the pace of the views, taken at the client's.

What is read waits in a file until it is taken. So a client who takes slowly, or nothing, holds
neither a connection nor a moment of the views, which others need.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from sqlalchemy import Connection
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http.request import ApiRequest
from api.http.spool import Spool
from projections.engine.turns import organization_of

# Whoever reads for longer holds a moment of the views, and a connection, that others need.
LONGEST_SECONDS: Final = 900
# Of a client who takes nothing for so long nobody knows whether they are still there.
TAKEN_WITHIN_SECONDS: Final = 30
_CHUNK_BYTES: Final = 65536


class Streamed(Response):
    """What ``read`` yields, all of it as of one moment of the views; ``now``: of the present.

    ``begin`` is done first, when its turn has come: of whoever has none nothing is recorded.
    What goes wrong before the first part is answered as ever; later, the connection is cut, so
    that nobody takes a part for the whole. Raises Forbidden for whoever may not export.
    """

    def __init__(
        self,
        request: ApiRequest,
        read: Callable[[Connection, str], Iterator[bytes]],
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
        now: bool = False,
        begin: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        request.must_export()
        # Without a body of its own there is no length to state.
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.init_headers(headers)
        self._request = request
        self._read = read
        self._now = now
        self._begin = begin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI)
        exports, whose = (
            self._request.dependencies.exports,
            organization_of(self._request.book_name),
        )
        async with exports.turn(whose):
            if self._begin is not None:
                await self._begin()
            with Spool() as spool:
                reading = asyncio.create_task(self._fill(spool))
                gone = asyncio.create_task(until_gone(receive))
                gone.add_done_callback(lambda _: spool.end(ClientDisconnect()))
                try:
                    await self._send(spool, gone, send)
                finally:
                    gone.cancel()
                    spool.abandon()
                    # Not canceled: a thread may be reading, and its connection is closed after it.
                    await asyncio.wait({reading})

    async def _fill(self, spool: Spool) -> None:
        until = time.monotonic() + LONGEST_SECONDS
        try:
            async with self._parts() as parts:
                async for part in parts:
                    await spool.write(part)
                    _refuse_after(until)
        except Exception as error:  # noqa: BLE001 (whoever sends is told)
            spool.end(error)
        else:
            spool.end()

    def _parts(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return self._request.ask_in_parts(self._read, now=self._now)

    async def _send(self, spool: Spool, gone: asyncio.Task[None], send: Send) -> None:
        chunk = await spool.read(_CHUNK_BYTES)
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        while chunk and not gone.done():
            await _taken(send({"type": "http.response.body", "body": chunk, "more_body": True}))
            chunk = await spool.read(_CHUNK_BYTES)
        if gone.done():
            raise ClientDisconnect
        await send({"type": "http.response.body", "body": b""})


class StreamedNow(Streamed):
    """The same of what is no view and has no past: ``parts`` is taken from in threads."""

    def __init__(
        self,
        request: ApiRequest,
        parts: Iterator[bytes],
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(request, lambda *_: parts, media_type=media_type, headers=headers)
        self._taken_from = parts

    @asynccontextmanager
    async def _parts(self) -> AsyncIterator[AsyncIterator[bytes]]:
        yield _in_threads(self._taken_from)


async def _in_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (part := await asyncio.to_thread(next, parts, None)) is not None:
        yield part


def _refuse_after(until: float) -> None:
    if time.monotonic() > until:
        raise TimeoutError


async def _taken(sending: Awaitable[None]) -> None:
    """Raises ClientDisconnect when nobody takes what is sent."""
    try:
        async with asyncio.timeout(TAKEN_WITHIN_SECONDS):
            await sending
    except TimeoutError:
        raise ClientDisconnect from None


async def until_gone(receive: Receive) -> None:
    """Ends when whoever asked is there no longer."""
    while (await receive())["type"] != "http.disconnect":
        pass
