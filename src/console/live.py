"""Freshness, live: up to which fact the views are, and how late, for as long as a page is open."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Final

import orjson
from starlette.responses import Response

from api.http.failures import answer_to, is_fault
from api.http.server_sent import HEADERS, RETRY, ServerSent, set_by
from api.http.session_cookie import mode_in, session_in
from console.pages import Page
from console.routing import console_router
from domain.errors import Unauthorized

router = console_router()

# Whoever is told comes back then, and is asked again who they are.
_LONGEST_SECONDS: Final = 60
_BEAT_SECONDS: Final = 15
# A book may grow a thousand times meanwhile, and nobody reads quicker.
_PAUSE_SECONDS: Final = 0.5


@router.get("/console/live")
async def tell_freshness(page: Page) -> Response:
    if page.request.method == "HEAD":
        return Response(media_type="text/event-stream", headers=HEADERS)
    return Freshness(page.request)


class Freshness(ServerSent):
    """``{"position": 12345, "behind": 0, "late_seconds": 0.02}`` whenever the book has grown.

    ``position`` is null for those who may not know of customers; while there are no views,
    ``{"unavailable": "views_rebuilding", "progress": 0.25}``.
    """

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
        """Waits for what was recorded until now, as every query does: so late are the views."""
        parts = self.request.dependencies
        began = time.monotonic()
        try:
            found = await parts.views.ask(
                self.request.book_name, lambda _views: None, wait_seconds=parts.query_wait_seconds
            )
        except Exception as error:
            answer = answer_to(error)
            if is_fault(answer):
                raise
            progress = (answer.details or {}).get("progress")
            return _message(unavailable=answer.code, progress=progress)
        return _message(
            position=found.position if self.request.reads_customers else None,
            behind=found.behind,
            late_seconds=round(time.monotonic() - began, 2),
        )


def _message(**said: object) -> bytes:
    return b"data: " + orjson.dumps(said) + b"\n\n"
