"""Freshness, live: up to which fact the views are, how late, and what moved, for an open page."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

import orjson
from starlette.responses import Response

from api.http.failures import answer_to, is_fault
from api.http.server_sent import HEADERS, RETRY, ServerSent, set_by
from api.http.session_cookie import LIVE, mode_in, session_in
from console.pages import Page
from console.routing import console_router
from domain.errors import Unauthorized

router = console_router()

# Whoever is told comes back then, and is asked again who they are.
_LONGEST_SECONDS: Final = 60
_BEAT_SECONDS: Final = 15
# A book may grow a thousand times meanwhile, and nobody reads quicker.
_PAUSE_SECONDS: Final = 0.5
_MOST_DIGITS: Final = 18


@router.get(LIVE)
async def tell_freshness(page: Page) -> Response:
    if page.request.method == "HEAD":
        return Response(media_type="text/event-stream", headers=HEADERS)
    return Freshness(page, _shown(page))


class Freshness(ServerSent):
    """What is told whenever the book has grown.

    ``{"position": 12345, "behind": 0, "late_seconds": 0.02, "moved": ["cus_…", "pay_…"]}``: what
    moved since the message before, at first since ``after``, by its ids; null: too many to name.
    ``position`` and ``moved`` are null for those who may not know of customers; while there are no
    views, ``{"unavailable": "views_rebuilding", "progress": 0.25}``.
    """

    def __init__(self, page: Page, after: int | None) -> None:
        super().__init__(page.request)
        self._after = after

    async def first(self) -> bytes:
        return RETRY + await self._told()

    async def following(
        self, grown: asyncio.Event, gone: asyncio.Task[None]
    ) -> AsyncIterator[bytes]:
        until = time.monotonic() + _LONGEST_SECONDS
        while not gone.done() and time.monotonic() < until:
            grown.clear()
            if not await self._is_signed_in():
                return
            yield await self._told()
            await set_by(grown, min(until, time.monotonic() + _BEAT_SECONDS))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _is_signed_in(self) -> bool:
        """Whoever was shut out meanwhile is told no more, and is asked to sign in again."""
        state = self.request.request_state
        session, viewers = session_in(state), self.request.dependencies.viewers
        try:
            await viewers.viewer(session or "", mode=mode_in(state))
        except Unauthorized:
            return False
        return True

    async def _told(self) -> bytes:
        book, movements = self.request.book_name, self.streams.movements
        try:
            found = await movements.reached(book)
        except Exception as error:
            answer = answer_to(error)
            if is_fault(answer):
                raise
            progress = (answer.details or {}).get("progress")
            return _message(unavailable=answer.code, progress=progress)
        late = {"behind": found.behind, "late_seconds": round(found.late_seconds, 2)}
        if not self.request.reads_customers:
            return _message(position=None, **late, moved=None)
        position, after = found.position, self._after
        moved = [] if after is None else movements.moved(book, after, position)
        self._after = max(position, after or 0)
        return b"id: %d\n" % position + _message(position=position, **late, moved=moved)


def _shown(page: Page) -> int | None:
    """Up to where a page knows: a browser that comes back says what it was told last."""
    said = page.request.request_state.header(b"last-event-id") or page.query.get("after", "")
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else None


def _message(**said: object) -> bytes:
    return b"data: " + orjson.dumps(said) + b"\n\n"
