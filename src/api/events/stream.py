"""The stream of events: server-sent, from now on or from where a reader was before."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.events.filters import FilterEvents, must_read_customers
from api.events.queries import READ
from api.http.authentication import key_in
from api.http.errors import InvalidInput
from api.http.query_fields import Whole
from api.http.request import ApiRequest
from api.http.routing import PRESENT_ONLY, new_router
from api.http.server_sent import RETRY, ServerSent, set_by
from delivery.envelopes import position_of
from delivery.streams import Part, Place, beat

router = new_router("events")

_HEARTBEAT_SECONDS: Final = 15.0
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
    request.must_export()
    if query.mode is not None and (query.mode == "live") != (request.book.mode == "live"):
        raise InvalidInput("mode", f"this is a key of {request.book.mode} mode")
    after = _after(request, query.after)
    wanted = await request.ask_now(query.wanted)
    if after is None:
        after = await asyncio.to_thread(request.dependencies.ledger.head, request.book_name)
    return EventStream(request, Place(request.book_name, wanted, after))


class EventStream(ServerSent):
    """What happens from a place on, until somebody leaves or may not read it any more."""

    def __init__(self, request: ApiRequest, place: Place) -> None:
        super().__init__(request)
        self._place = place
        self._key = key_in(request.request_state) or ""

    async def first(self) -> bytes:
        part = await self._next_part()
        return RETRY + (part.text or self._beat())

    async def following(
        self, grown: asyncio.Event, gone: asyncio.Task[None]
    ) -> AsyncIterator[bytes]:
        due = _next_beat()
        while not gone.done():
            grown.clear()
            part = await self._next_part()
            if part.text or time.monotonic() >= due:
                yield part.text or self._beat()
                due = _next_beat()
            if not part.has_more:
                await set_by(grown, due)

    async def _next_part(self) -> Part:
        """Raises Unauthorized once the key is revoked."""
        part = await self.streams.part(self._place)
        await self.request.dependencies.directory.principal(self._key)
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
