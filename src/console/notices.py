"""Notices: what a page says once, of what was done on the one before."""

from typing import Final
from urllib.parse import quote, unquote

from starlette.responses import Response

from api.http.request import ApiRequest

_COOKIE: Final = "whence_said"
_PLACE: Final = "/console"
# As long as it takes to be led on.
_SECONDS: Final = 60
_LONGEST: Final = 500


def say(response: Response, request: ApiRequest, sentence: str) -> None:
    """Kept by the browser, for an address could be made to say anything."""
    response.set_cookie(
        _COOKIE,
        quote(sentence[:_LONGEST]),
        max_age=_SECONDS,
        path=_PLACE,
        secure=request.site.startswith("https:"),
        httponly=True,
        samesite="strict",
    )


def said(request: ApiRequest) -> str:
    return unquote(request.cookies.get(_COOKIE, ""))


def forget(response: Response) -> None:
    response.delete_cookie(_COOKIE, path=_PLACE)
