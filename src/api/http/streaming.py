"""Streamed answers, too long to hold: sent in parts, each read when the last is taken."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from sqlalchemy import Connection
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http.request import ApiRequest

# Whoever takes longer holds a moment of the views, and a connection, that others need.
LONGEST_SECONDS: Final = 900


class Streamed(Response):
    """What ``read`` yields, all of it as of one moment of the views; nothing is kept of it.

    What goes wrong before the first part is answered as ever; later, the connection is cut, so
    that nobody takes a part for the whole.
    """

    def __init__(
        self,
        request: ApiRequest,
        read: Callable[[Connection, str], Iterator[bytes]],
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # Without a body of its own there is no length to state.
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self.init_headers(headers)
        self._request = request
        self._read = read

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI)
        async with (
            asyncio.timeout(LONGEST_SECONDS),
            self._request.ask_in_parts(self._read) as parts,
        ):
            part = await anext(parts, b"")
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            gone = asyncio.create_task(_gone(receive))
            try:
                while part and not gone.done():
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                    part = await anext(parts, b"")
            finally:
                gone.cancel()
            if gone.done() and not gone.cancelled():
                raise ClientDisconnect
            await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    """Ends when whoever asked is there no longer."""
    while (await receive())["type"] != "http.disconnect":
        pass
