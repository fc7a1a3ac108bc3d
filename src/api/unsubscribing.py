"""The page on which whoever is written to says that they want no more."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.routing import new_router
from api.pages.documents import Documents
from commands import unsubscribing as commands
from commands.handling.handler import Context
from commands.handling.unit_of_work import UnitOfWork
from commands.unsubscribing import NobodyToUnsubscribe, Unsubscribed
from delivery.looks.accents import OURS
from delivery.looks.tokens import LETTER

router = new_router("unsubscribing")

_NOT_FOUND: Final = 404
_WORDS: Final = {"email": "emails", "sms": "text messages"}
_DOCUMENTS: Final = Documents("api.pages", style="sheet.css", look=LETTER)


@router.get("/unsubscribe/{token}", include_in_schema=False)
async def show_subscription(request: ApiRequest, token: str) -> Response:
    """Asks: programs look at every address in an email before anybody reads it."""
    return await _answered(request, commands.see_subscription, token)


@router.post("/unsubscribe/{token}", include_in_schema=False)
async def unsubscribe(request: ApiRequest, token: str) -> Response:
    """By the button of the page, or by that of a mail program (RFC 8058)."""
    return await _answered(request, commands.unsubscribe, token)


async def _answered(
    request: ApiRequest,
    command: Callable[[UnitOfWork, str], Awaitable[Unsubscribed]],
    token: str,
) -> Response:
    handler = request.dependencies.handler
    try:
        said = await handler.perform(
            commands.book_of(token), lambda work: command(work, token), context=Context()
        )
    except NobodyToUnsubscribe:
        return _page(None)
    return _page(said)


def _page(said: Unsubscribed | None) -> Response:
    organization = said.organization if said else None
    return _DOCUMENTS.show(
        "unsubscribing.html",
        status=200 if said else _NOT_FOUND,
        accent=(organization and organization.color) or OURS,
        title="Unsubscribe" if said else "There is nothing here",
        shop=(organization and organization.stated_name) or "",
        what=_WORDS[said.channel] if said else "",
        asks=said is not None and said.may_be_written_to,
        is_known=said is not None,
    )
