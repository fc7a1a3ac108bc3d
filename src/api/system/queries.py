"""Queries about the store and the service: how they are, for those who look after them."""

import asyncio
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, needs, new_router
from api.resources.system import System
from api.system.looking import Look, Reached, books_of
from api.system.rights import Rights, rights_of
from projections.engine.folding.checkpoints import parked_books, read_checkpoints
from projections.engine.generations.generations import ViewsRebuilding

router = new_router("system")

_PATIENCE_SECONDS: Final = 0.25


@router.get("/v1/system", response_model=System, dependencies=[needs("system:read"), PRESENT_ONLY])
async def show_system(request: ApiRequest) -> Response:
    """Books, sets of views, runs that are under way or over, who does what, limits and sizes.

    Of a store that several organizations share nothing is told by which one could learn of
    another.
    """
    rights = await rights_of(request)
    look = Look(request, rights, await _reached(request, rights))
    return answer(await asyncio.to_thread(look.all))


async def _reached(request: ApiRequest, rights: Rights) -> Reached:
    """How far the books are folded by now: nobody waits long for them here."""
    books = books_of(request.caller)

    def reached(views: Connection) -> Reached:
        parked = parked_books(views) if rights.sees_service else None
        return Reached(read_checkpoints(views, books), parked)

    try:
        found = await request.dependencies.views.ask(
            request.book_name, reached, wait_seconds=_PATIENCE_SECONDS
        )
    except ViewsRebuilding:
        return Reached({}, None)
    return found.result
