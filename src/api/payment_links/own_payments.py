"""Own payments: what a browser has begun on a pay page, known by cookies that no other browser has.

A cookie holds the client secret of one payment, so that no address does: neither history nor logs
nor the page somebody goes on to are told it.
"""

from typing import Final

from starlette.responses import Response

from api.http.request import ApiRequest

# As long as a payer may want to look at their receipt again.
_KEPT_SECONDS: Final = 7 * 24 * 3600
# All of them are sent with every pay page of a host: so many are short enough for any server.
_MOST: Final = 10
_LINK: Final = "lnk_"


def keep(request: ApiRequest, response: Response, code: str, payment: str, secret: str) -> None:
    """Lets whoever is answered see the payment; the oldest is forgotten for it."""
    # Without a path it is sent wherever pay pages are, also if a proxy has put them elsewhere.
    response.set_cookie(
        _name(code, payment),
        secret,
        max_age=_KEPT_SECONDS,
        path=None,
        secure=request.site.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    kept = sorted((name for name in request.cookies if name.startswith(_LINK)), key=_payment)
    for name in kept[: max(0, len(kept) + 1 - _MOST)]:
        response.set_cookie(name, max_age=0, path=None)


def secret_of(request: ApiRequest, code: str, payment: str) -> str | None:
    """The client secret of a payment that this browser has begun on the page of the link."""
    return request.cookies.get(_name(code, payment))


def newest(request: ApiRequest, code: str) -> str | None:
    """The payment this browser has begun last on the page of the link."""
    named = (name for name in request.cookies if name.startswith(_name(code, "")))
    return max(map(_payment, named), default=None)


def _name(code: str, payment: str) -> str:
    return f"{code}.{payment}"


def _payment(name: str) -> str:
    """The payment a cookie is of: ids sort by when they were made."""
    return name.rpartition(".")[2]
