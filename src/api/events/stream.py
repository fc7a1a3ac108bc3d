"""The stream of events: server-sent, from now on or from where a reader was before."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.events.filters import FilterEvents, must_read_customers
from api.events.queries import READ
from api.http.authentication import key_in
from api.http.connection import ENDLESS
from api.http.errors import InvalidInput
from api.http.failures import answer_to, is_fault
from api.http.query_fields import Whole
from api.http.request import ApiRequest
from api.http.routing import PRESENT_ONLY, new_router
from api.http.streaming import until_gone
from delivery.envelopes import position_of
from delivery.streams import Part, Place, beat
from projections.engine.turns import organization_of

router = new_router("events")

_HEARTBEAT_SECONDS: Final = 15.0
# A browser that was cut off comes back after so many milliseconds.
_RETRY: Final = b"retry: 1000\n"
_HEADERS: Final = {"X-Accel-Buffering": "no"}
_DESCRIBED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "headers": {
            "X-Accel-Buffering": {
                "description": "`no`: a proxy is to hand on what comes at once.",
                "schema": {"type": "string"},
            }
        },
    }
}


class ReadStream(FilterEvents):
    after: Whole | None = Field(None, description="A position; left out: from now on.")
    mode: Literal["test", "live", "sandbox"] | None = Field(None, description="That of the key.")


@router.get(
    "/v1/events/stream",
    response_class=Response,
    responses=_DESCRIBED,
    dependencies=[READ, PRESENT_ONLY],
)
async def stream_events(request: ApiRequest, query: Annotated[ReadStream, Query()]) -> Response:
    """Events as they happen, as server-sent events: `data` is the event, in one line.

    Whoever was cut off goes on with the header `Last-Event-ID` where they were: nothing is left
    out, and nothing comes twice. Where nothing happens a comment comes every 15 seconds. The key
    also needs `customers:read`.
    """
    must_read_customers(request)
    if query.mode is not None and (query.mode == "live") != (request.book.mode == "live"):
        raise InvalidInput("mode", f"this is a key of {request.book.mode} mode")
    after = _after(request, query.after)
    wanted = await request.ask_now(query.wanted)
    if after is None:
        after = await asyncio.to_thread(request.dependencies.ledger.head, request.book_name)
    return EventStream(request, Place(request.book_name, wanted, after))


class EventStream(Response):
    """What happens from a place on, until somebody leaves or may not read it any more.

    What goes wrong before the first part is answered as ever. Whoever takes nothing is cut off by
    their connection, and may come back.
    """

    def __init__(self, request: ApiRequest, place: Place) -> None:
        # Without a body of its own there is no length to state.
        self.status_code = 200
        self.media_type = "text/event-stream"
        self.background = None
        self.init_headers(_HEADERS)
        self._request = request
        self._place = place
        self._streams = request.dependencies.streams
        self._key = key_in(request.request_state) or ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._streams.turns.turn(organization_of(self._place.book)):
            first = await self._next_part()
            scope[ENDLESS] = True
            gone = asyncio.create_task(until_gone(receive))
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            try:
                async for text in self._texts(first, gone):
                    await send({"type": "http.response.body", "body": text, "more_body": True})
            except Exception as error:
                # Whoever comes back is told what is the matter.
                if is_fault(answer_to(error)):
                    raise
            finally:
                gone.cancel()
            await send({"type": "http.response.body", "body": b""})

    async def _texts(self, part: Part, gone: asyncio.Task[None]) -> AsyncIterator[bytes]:
        yield _RETRY + (part.text or self._beat())
        due = _next_beat()
        with self._streams.growth.watching(self._place.book) as grown:
            gone.add_done_callback(lambda _: grown.set())
            while not gone.done():
                grown.clear()
                part = await self._next_part()
                if part.text or time.monotonic() >= due:
                    yield part.text or self._beat()
                    due = _next_beat()
                if not part.has_more:
                    await _set_by(grown, due)

    async def _next_part(self) -> Part:
        """Raises Unauthorized once the key is revoked."""
        part = await self._streams.part(self._place)
        await self._request.dependencies.directory.principal(self._key)
        self._place = replace(self._place, after=part.position)
        return part

    def _beat(self) -> bytes:
        return beat(self._place.book, self._place.after)


def _after(request: ApiRequest, after: int | None) -> int | None:
    """Where the reader was last, by what they remember of it themselves."""
    last = request.request_state.header(b"last-event-id")
    if not last:
        return after
    position = position_of(request.book_name, last)
    if position is None:
        raise InvalidInput("Last-Event-ID", "no event of this organization and mode is called so")
    return position


def _next_beat() -> float:
    return time.monotonic() + _HEARTBEAT_SECONDS


async def _set_by(event: asyncio.Event, until: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, until - time.monotonic())):
            await event.wait()
