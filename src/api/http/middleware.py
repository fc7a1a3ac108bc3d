"""Request middleware: the one layer around all routes, and what every answer carries."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.cors import CrossOrigin
from api.http.dependencies import RequestMetrics
from api.http.errors import ApiError, body_too_large
from api.http.failures import FailureLog, answer_to
from api.http.parsing import LARGEST_BODY_BYTES, LARGEST_PUBLIC_BODY_BYTES, keep_encoded_slashes
from api.http.request_state import REFUSED, FailurePage, FailurePages, RequestState
from api.http.turnstile import Turnstile
from ledger.sampling import Sampling

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-xss-protection", b"0"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
)
# What a route may say for itself.
_UNLESS_SAID = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)

_WRONG, _TOO_OFTEN = 400, 429
# What nobody will read, as nginx calls it.
_HUNG_UP = 499

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# As what those are counted whom nobody knows: so they name no series by what they ask.
_STRANGERS = "refused"

# Those who watch over the service ask often.
_WATCHED = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestMiddleware:
    """Request id, who asks, size limit, headers, access log, metrics, and the last catch.

    ``failure_pages``: how people are shown failures, by what the paths of their pages begin with.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        request_id: Callable[[], str],
        turnstile: Turnstile,
        cross_origin: CrossOrigin,
        metrics: RequestMetrics | None,
        log: Any,
        store: str | None = None,
        failure_pages: Mapping[str, FailurePages] = MappingProxyType({}),
    ) -> None:
        self._app = app
        self._request_id = request_id
        self._turnstile = turnstile
        self._cross_origin = cross_origin
        self._metrics = metrics
        self._log = log.bind()
        self._failures = FailureLog(self._log)
        self._sampling = Sampling()
        self._failure_pages = failure_pages
        self._constant = [*SECURITY_HEADERS]
        if store is not None:
            self._constant.append((b"whence-store", store.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_state = RequestState(self._request_id(), dict(scope["headers"]))
        request_state.failure_page = self._page_for(scope["path"], scope["method"])
        request_state.join(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                request_state.status = message["status"]
                message["headers"] = self._completed(request_state, message.get("headers", []))
            await send(message)

        try:
            await self._serve(request_state, scope, receive, send_with_headers)
        except ClientDisconnect:
            request_state.status = request_state.status or _HUNG_UP
        except Exception as error:
            answer = answer_to(error, behind=request_state.behind)
            self._failures.note(error, answer, request_state.request_id)
            if request_state.status:
                raise
            await request_state.shown(answer)(scope, receive, send_with_headers)
        finally:
            self._note(request_state, scope, time.perf_counter() - started)

    async def _serve(
        self, request_state: RequestState, scope: Scope, receive: Receive, send: Send
    ) -> None:
        request_state.headers = self._cross_origin.headers_by_setting(scope, request_state)
        await self._let_in(request_state, scope)
        keep_encoded_slashes(scope)
        if b"origin" in request_state.received:
            request_state.headers = await self._cross_origin.headers(scope, request_state)
            preflight = self._cross_origin.preflight(scope, request_state)
            if preflight is not None:
                await preflight(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _page_for(self, path: str, method: str) -> FailurePage | None:
        pages = self._failure_pages.items()
        return next(
            (partial(page, method) for start, page in pages if path.startswith(start)), None
        )

    async def _let_in(self, request_state: RequestState, scope: Scope) -> None:
        """Refuses what needs no look at anything, then whoever asks too often."""
        refused = scope.get(REFUSED) or _too_large(request_state, LARGEST_BODY_BYTES)
        if refused is not None:
            self._turnstile.count(request_state, scope)
            raise refused
        await self._turnstile.enter(request_state, scope)
        if request_state.caller is None:
            refused = _too_large(request_state, LARGEST_PUBLIC_BODY_BYTES)
            if refused is not None:
                raise refused

    def _completed(
        self, request_state: RequestState, headers: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        completed = [
            *headers,
            (b"x-request-id", request_state.request_id.encode()),
            *self._constant,
            *request_state.headers,
        ]
        said = {name for name, _ in headers}
        completed += (each for each in _UNLESS_SAID if each[0] not in said)
        if request_state.replayed:
            completed.append((b"idempotent-replayed", b"true"))
        allowance = request_state.allowance
        if allowance is not None:
            completed += (
                (b"x-ratelimit-limit", b"%d" % allowance.limit),
                (b"x-ratelimit-remaining", b"%d" % allowance.remaining),
                (b"x-ratelimit-reset", b"%d" % allowance.resets_at),
            )
        return completed

    def _note(self, request_state: RequestState, scope: Scope, seconds: float) -> None:
        # The template of the path, never the path: names people have may be in it.
        route = getattr(scope.get("route"), "path", None)
        if route is None:
            route = scope["path"] if scope["path"] in _WATCHED else "unknown"
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        if self._metrics is not None:
            counted_as = _STRANGERS if _is_refused_stranger(request_state) else route
            self._metrics.observe(counted_as, method, request_state.status, seconds)
        # Whoever is turned away again and again would fill the log, as would those who only look
        # whether we are there.
        requests = 1
        if _is_turned_away(request_state):
            requests = self._sampling.due((route, request_state.status, _book(request_state)))
        if not requests:
            return
        say = self._log.debug if route in _WATCHED else self._log.info
        say(
            "request",
            method=method,
            route=route,
            status=request_state.status,
            ms=round(seconds * 1000, 2),
            request_id=request_state.request_id,
            book=_book(request_state),
            **({"requests": requests} if requests > 1 else {}),
        )


def _book(request_state: RequestState) -> str | None:
    return request_state.caller.book if request_state.caller else None


def _is_turned_away(request_state: RequestState) -> bool:
    """Whoever asks too often, and strangers who sent what is of no use."""
    status = request_state.status
    if request_state.caller is None:
        return _WRONG <= status < _HUNG_UP
    return status == _TOO_OFTEN


def _is_refused_stranger(request_state: RequestState) -> bool:
    return request_state.caller is None and request_state.status in {401, 429}


def _too_large(request_state: RequestState, largest_bytes: int) -> ApiError | None:
    """What a body is refused for that says itself how long it is; others are counted as read."""
    length = request_state.received.get(b"content-length", b"")
    if length.isdigit() and int(length) > largest_bytes:
        return body_too_large(largest_bytes)
    return None
