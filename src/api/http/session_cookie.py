"""Session cookie: what a browser shows that is signed in to the console, and there alone.

On every other path a cookie shows nothing, and on these nothing else does: so no page elsewhere
acts through a browser that is signed in, and no key that a browser adds is taken for a person.
"""

from typing import Final

from starlette.responses import Response

from api.http.request_state import RequestState
from domain.book import Mode

CONSOLE: Final = "/console"
LOGIN: Final = "/console/login"
LIVE: Final = "/console/live"
SESSION: Final = "whence_session"
MODE: Final = "whence_mode"
KNOWN: Final = "whence_known"

# Of what an open page asks for by itself, whoever may be there.
_BY_ITSELF: Final = b"whence-by-itself"

_KEPT_SECONDS: Final = 30 * 24 * 3600
_KNOWN_SECONDS: Final = 365 * 24 * 3600


def is_console(path: str) -> bool:
    return path == CONSOLE or path.startswith(f"{CONSOLE}/")


def is_use(request_state: RequestState, path: str) -> bool:
    """Whether somebody asked, and not their open page: no tab keeps a session open for ever."""
    return path != LIVE and request_state.header(_BY_ITSELF) is None


def session_in(request_state: RequestState) -> str | None:
    """The session that came along."""
    return _shown(request_state, SESSION)


def known_in(request_state: RequestState) -> str | None:
    """The last session that somebody began here, over or not."""
    return _shown(request_state, KNOWN)


def mode_in(request_state: RequestState) -> Mode:
    """Which of the two books a person looks at."""
    return "test" if _shown(request_state, MODE) == "test" else "live"


def let_in(response: Response, session: str, *, secure: bool) -> None:
    """Lets the browser show the session; ``secure``: over TLS alone."""
    _set(response, SESSION, session, _KEPT_SECONDS, CONSOLE, secure=secure)


def let_out(response: Response, *, secure: bool) -> None:
    _set(response, SESSION, "", 0, CONSOLE, secure=secure)


def remember(response: Response, session: str, *, secure: bool) -> None:
    """Lets the browser show where one signs in that somebody has been signed in with it."""
    _set(response, KNOWN, session, _KNOWN_SECONDS, LOGIN, secure=secure)


def turn_to(response: Response, mode: Mode, *, secure: bool) -> None:
    """Lets a person look at this book from now on."""
    _set(response, MODE, mode, _KEPT_SECONDS, CONSOLE, secure=secure)


def _shown(request_state: RequestState, cookie: str) -> str | None:
    """None of two of that name, one of which a page beside ours may have put there."""
    pairs = (each.partition("=") for each in (request_state.header(b"cookie") or "").split(";"))
    shown = [value.strip() for name, _, value in pairs if name.strip() == cookie]
    return shown[0] if len(shown) == 1 else None


def _set(
    response: Response, cookie: str, value: str, seconds: int, path: str, *, secure: bool
) -> None:
    response.set_cookie(
        cookie,
        value,
        max_age=seconds,
        path=path,
        secure=secure,
        httponly=True,
        samesite="strict",
    )
