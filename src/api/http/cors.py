"""CORS: which browser pages may read which answers."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from re import Pattern
from urllib.parse import parse_qsl

from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Scope

from api.http.request_state import RequestState
from api.http.routing import BrowserAccess
from commands.directory import Directory
from domain.book import Book
from domain.errors import Refusal

_ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, X-Org-Id, X-Reevit-Client, "
    "X-Reevit-Client-Version, X-Reevit-Key, X-Reevit-Mode"
)
_EXPOSED_HEADERS = (
    "Idempotent-Replayed, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, "
    "X-RateLimit-Reset, X-Request-Id"
)
_REMEMBERED_SECONDS = 600


class CrossOrigin:
    """The allow-list of origins, for the routes that declare ``for_browsers``; ``*`` allows all.

    An organization may let in others, where the route says which field names its book, or that a
    key does. A browser that asks before it asks shows no key: there it is told that any page may
    send, and the answer to what it sends then says whether this one may read.
    """

    def __init__(
        self, origins: Sequence[str], directory: Directory, routes: Sequence[BaseRoute]
    ) -> None:
        self._origins = frozenset(origins)
        self._directory = directory
        self._routes = routes

    def headers_by_setting(
        self, scope: Scope, request_state: RequestState
    ) -> list[tuple[bytes, bytes]]:
        """What an answer says to a browser, as far as that needs no look at any organization."""
        origin = request_state.header(b"origin")
        if (origin is None and not self._origins) or self._find(scope["path"]) is None:
            return []
        return _headers(origin if self._is_set(origin) else None)

    async def headers(self, scope: Scope, request_state: RequestState) -> list[tuple[bytes, bytes]]:
        """What an answer to this request says to a browser; nothing on other routes."""
        origin = request_state.header(b"origin")
        if origin is None and not self._origins:
            return []
        found = self._find(scope["path"])
        if found is None:
            return []
        may_read = origin and await self._may_read(scope, request_state, origin, *found)
        return _headers(origin if may_read else None)

    def preflight(self, scope: Scope, request_state: RequestState) -> Response | None:
        """The answer to a browser that asks before it asks; None when this is no such question."""
        if not _asks_first(scope, request_state):
            return None
        named = any(name == b"access-control-allow-origin" for name, _ in request_state.headers)
        if not (self._origins or named) or self._find(scope["path"]) is None:
            return None
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
                "Access-Control-Max-Age": str(_REMEMBERED_SECONDS),
            },
        )

    @cached_property
    def _open(self) -> list[tuple[Pattern[str], BrowserAccess]]:
        """Looked up with the first request: routes may be added until then."""
        return [
            (route.path_regex, depends.dependency)
            for route in self._routes
            if isinstance(route, APIRoute)
            for depends in route.dependencies
            if isinstance(depends.dependency, BrowserAccess)
        ]

    def _find(self, path: str) -> tuple[BrowserAccess, Mapping[str, str]] | None:
        for pattern, access in self._open:
            if match := pattern.fullmatch(path):
                return access, match.groupdict()
        return None

    def _is_set(self, origin: str | None) -> bool:
        return origin in self._origins or "*" in self._origins

    async def _may_read(
        self,
        scope: Scope,
        request_state: RequestState,
        origin: str,
        access: BrowserAccess,
        segments: Mapping[str, str],
    ) -> bool:
        if self._is_set(origin):
            return True
        if access.scope is not None:
            caller = request_state.caller
            if caller is None:
                return _asks_first(scope, request_state)
            return caller.may(access.scope) and origin in caller.organization.checkout_origins
        fields = {**dict(parse_qsl(scope["query_string"].decode("latin-1"))), **segments}
        with suppress(Refusal):
            if access.book_of is not None:
                book = Book.named(access.book_of(fields.get(access.named_by, "")))
                organization = await self._directory.organization(book)
                return organization is not None and origin in organization.checkout_origins
        return False


def _headers(reader: str | None) -> list[tuple[bytes, bytes]]:
    headers = [(b"vary", b"Origin")]
    if reader:
        headers.append((b"access-control-allow-origin", reader.encode("latin-1")))
        headers.append((b"access-control-expose-headers", _EXPOSED_HEADERS.encode()))
    return headers


def _asks_first(scope: Scope, request_state: RequestState) -> bool:
    asked = {b"origin", b"access-control-request-method"}
    return scope["method"] == "OPTIONS" and asked <= request_state.received.keys()
