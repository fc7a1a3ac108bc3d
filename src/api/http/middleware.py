"""Request middleware: the one layer around all routes, and what every answer carries."""

import time
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.authentication import Authentication
from api.http.cors import CrossOrigin
from api.http.dependencies import RequestMetrics
from api.http.errors import RateLimited, answer_to, body_too_large, is_fault
from api.http.parsing import LARGEST_BODY_BYTES, keep_encoded_slashes
from api.http.rate_limits import RateLimit
from api.http.request_state import RequestState
from domain.errors import Unauthorized

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-xss-protection", b"0"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"cache-control", b"no-store"),
)
_POLICY = b"content-security-policy"
_STRICTEST_POLICY = (_POLICY, b"default-src 'none'; frame-ancestors 'none'")

# What nobody will read, as nginx calls it.
_HUNG_UP = 499

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

# Those who watch over the service ask often, and must be answered when it matters most.
_UNCOUNTED = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestMiddleware:
    """Request id, key, rate limit, size limit, headers, access log, metrics, and the last catch."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        request_id: Callable[[], str],
        authentication: Authentication,
        per_key: RateLimit,
        per_address: RateLimit,
        cross_origin: CrossOrigin,
        metrics: RequestMetrics | None,
        log: Any,
        store: str | None = None,
    ) -> None:
        self._app = app
        self._request_id = request_id
        self._authentication = authentication
        self._per_key = per_key
        self._per_address = per_address
        self._cross_origin = cross_origin
        self._metrics = metrics
        self._log = log.bind()
        self._constant = [*SECURITY_HEADERS]
        if store is not None:
            self._constant.append((b"whence-store", store.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_state = RequestState(self._request_id(), dict(scope["headers"]))
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
            answer = answer_to(error)
            if is_fault(error, answer):
                self._log.exception("request_failed", request_id=request_state.request_id)
            if request_state.status:
                raise
            if request_state.allowance is None:
                request_state.allowance = self._per_address.look(_address(scope))
            await answer.response()(scope, receive, send_with_headers)
        finally:
            self._note(request_state, scope, time.perf_counter() - started)

    async def _serve(
        self, request_state: RequestState, scope: Scope, receive: Receive, send: Send
    ) -> None:
        keep_encoded_slashes(scope)
        request_state.headers = await self._cross_origin.headers(scope, request_state)
        preflight = self._cross_origin.preflight(scope, request_state)
        if preflight is not None:
            request_state.allowance = self._per_address.look(_address(scope))
            await preflight(scope, receive, send)
            return
        try:
            request_state.caller = await self._authentication.caller(request_state)
        except Unauthorized as refused:
            request_state.refused_key = refused
        else:
            if request_state.caller is not None:
                self._authentication.note_use(request_state.caller)
                if b"origin" in request_state.received:
                    # Whose key it is may say which pages read the answer.
                    request_state.headers = await self._cross_origin.headers(scope, request_state)
        self._count(request_state, scope)
        length = request_state.received.get(b"content-length", b"")
        if length.isdigit() and int(length) > LARGEST_BODY_BYTES:
            raise body_too_large(LARGEST_BODY_BYTES)
        await self._app(scope, receive, send)

    def _count(self, request_state: RequestState, scope: Scope) -> None:
        if request_state.caller is not None:
            request_state.allowance = self._per_key.hit(request_state.caller.key_id)
        else:
            address = _address(scope)
            if scope["path"] in _UNCOUNTED:
                request_state.allowance = self._per_address.look(address)
            else:
                request_state.allowance = self._per_address.hit(address)
        if request_state.allowance is not None and not request_state.allowance.allowed:
            raise RateLimited(request_state.allowance.retry_after_seconds)

    def _completed(
        self, request_state: RequestState, headers: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        completed = [
            *headers,
            (b"x-request-id", request_state.request_id.encode()),
            *self._constant,
            *request_state.headers,
        ]
        if all(name != _POLICY for name, _ in headers):
            completed.append(_STRICTEST_POLICY)
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
            route = scope["path"] if scope["path"] in _UNCOUNTED else "unknown"
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        if self._metrics is not None:
            self._metrics.observe(route, method, request_state.status, seconds)
        # Those who only look whether we are there would fill the log.
        say = self._log.debug if route in _UNCOUNTED else self._log.info
        say(
            "request",
            method=method,
            route=route,
            status=request_state.status,
            ms=round(seconds * 1000, 2),
            request_id=request_state.request_id,
            book=request_state.caller.book if request_state.caller else None,
        )


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"
