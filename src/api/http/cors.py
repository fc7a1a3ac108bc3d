"""Which browser pages may read which answers."""

import re
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import parse_qsl

from starlette.responses import Response
from starlette.types import Scope

from api.http.request_state import RequestState
from commands import client_secrets, link_codes
from commands.directory import Directory
from domain.book import Book
from domain.errors import Refusal

# What a checkout page calls, and what needs no key; everything else needs a server key, which no
# browser should hold.
_BROWSER_ROUTES = re.compile(
    r"/v1/payments/intents"
    r"|/v1/payments/[^/]+/confirm-intent"
    r"|/v1/pay/[^/]+(?:/pay)?"
    r"|/v1/checkout/sessions(?:/[^/]+(?:/select)?)?"
    r"|/healthz|/metrics"
)
# Of these, the ones whose path names a book, and so the organization that may let a page in.
_OF_A_LINK = re.compile(r"/v1/pay/([^/]+)(?:/pay)?")
_OF_A_SESSION = re.compile(r"/v1/checkout/sessions/([^/]+)(?:/select)?")
_OF_A_PAYMENT = re.compile(r"/v1/payments/[^/]+/confirm-intent")
_ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, X-Org-Id, X-Reevit-Client, "
    "X-Reevit-Client-Version, X-Reevit-Key, X-Reevit-Mode"
)
_EXPOSED_HEADERS = (
    "Idempotent-Replayed, Retry-After, Whence-Position, X-RateLimit-Limit, "
    "X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
)
_REMEMBERED_SECONDS = 600


class CrossOrigin:
    """The allow-list of origins; ``*`` allows every one.

    An organization may let in others, where the path names its book: pay links and sessions.
    """

    def __init__(self, origins: Sequence[str], directory: Directory) -> None:
        self._origins = frozenset(origins)
        self._directory = directory

    async def headers(self, scope: Scope, request_state: RequestState) -> list[tuple[bytes, bytes]]:
        """What an answer to this request says to a browser; nothing on other routes."""
        origin = request_state.header(b"origin")
        if origin is None and not self._origins:
            return []
        if not _BROWSER_ROUTES.fullmatch(scope["path"]):
            return []
        said = [(b"vary", b"Origin")]
        if origin and await self._may_read(scope, origin):
            said.append((b"access-control-allow-origin", origin.encode("latin-1")))
            said.append((b"access-control-expose-headers", _EXPOSED_HEADERS.encode()))
        return said

    def preflight(self, scope: Scope, request_state: RequestState) -> Response | None:
        """The answer to a browser that asks before it asks; None when this is no such question."""
        asked = request_state.header(b"access-control-request-method")
        if scope["method"] != "OPTIONS" or asked is None or b"origin" not in request_state.received:
            return None
        named = any(name == b"access-control-allow-origin" for name, _ in request_state.headers)
        if not (self._origins or named) or not _BROWSER_ROUTES.fullmatch(scope["path"]):
            return None
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
                "Access-Control-Max-Age": str(_REMEMBERED_SECONDS),
            },
        )

    async def _may_read(self, scope: Scope, origin: str) -> bool:
        if origin in self._origins or "*" in self._origins:
            return True
        book = _book_of(scope)
        organization = None if book is None else await self._directory.organization(book)
        return organization is not None and origin in organization.checkout_origins


def _book_of(scope: Scope) -> Book | None:
    path = scope["path"]
    with suppress(Refusal):
        if _OF_A_PAYMENT.fullmatch(path):
            asked = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            return Book.named(client_secrets.book_of(asked.get("client_secret", "")))
        if link := _OF_A_LINK.fullmatch(path):
            return Book.named(link_codes.book_of(link[1]))
        if session := _OF_A_SESSION.fullmatch(path):
            return Book.named(client_secrets.book_of(session[1]))
    return None
