"""API client: the API in this process, asked as whoever looks at a page, and as anybody may ask.

What is asked goes through the same operation, scopes and checks as from outside, without a
network; it is no request of its own to the rate limits, the log and the metrics.
"""

import shlex
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import ApiError
from api.http.failures import answer_to, is_fault
from api.http.parsing import fingerprint, keep_encoded_slashes
from api.http.request import ApiRequest
from api.http.request_state import RequestState
from console.addresses import PAST, address
from console.failures import is_unrecorded
from console.masking import masked, masked_failure, unmasked

_REFUSALS: Final = 400
_LONGEST_ONCE: Final = 64


@dataclass(frozen=True)
class Call:
    """What was asked: ``target`` is the path, with its query."""

    method: str
    target: str
    body: Mapping[str, Any] | None = None

    def curl(self, site: str) -> str:
        """The same for a shell, where ``WHENCE_KEY`` is the caller's own key."""
        words = ['curl --header "X-Reevit-Key: $WHENCE_KEY"']
        if self.method != "GET":
            words.append(f"--request {self.method}")
        if self.body is not None:
            words.append(f"--json {shlex.quote(orjson.dumps(self.body).decode())}")
        return " ".join([*words, shlex.quote(site + self.target)])


@dataclass(frozen=True)
class Answer:
    """What the API said; ``position`` is up to which fact, ``behind`` how many were missing.

    ``is_present``: although a past was asked for, it is as things are now.
    """

    call: Call
    status: int
    body: Any
    headers: Headers
    position: int | None
    behind: int
    is_present: bool

    def __getitem__(self, name: str) -> Any:
        return self.body[name]


class ApiClient:
    """``carried`` is asked with every GET: the moment and the zone of the page.

    ``once`` names what is done: the same said twice with it is done once. ``{}`` in a path stands
    for the segments that follow it. Raises ApiError for what is refused or cannot be now.
    """

    def __init__(
        self, app: ASGIApp, request: ApiRequest, carried: dict[str, str], once: str = ""
    ) -> None:
        self._app = app
        self._request = request
        self._carried = carried
        self._once = once[:_LONGEST_ONCE]
        self.answers: list[Answer] = []
        self.is_unsure = False

    async def get(self, path: str, /, *segments: str, **query: Any) -> Answer:
        return await self._ask("GET", address(path, *segments, **self._carried | query))

    async def post(self, path: str, /, *segments: str, **body: Any) -> Answer:
        return await self._ask("POST", address(path, *segments), body)

    async def put(self, path: str, /, *segments: str, **body: Any) -> Answer:
        return await self._ask("PUT", address(path, *segments), body)

    async def patch(self, path: str, /, *segments: str, **body: Any) -> Answer:
        return await self._ask("PATCH", address(path, *segments), body)

    async def delete(self, path: str, /, *segments: str, **body: Any) -> Answer:
        return await self._ask("DELETE", address(path, *segments), body or None)

    def passed_on(self, path: str, /, *segments: str, **query: Any) -> Response:
        """What the API answers, as it comes: files of any length."""
        if self._hides_personal:
            self._request.must_export()
        target = address(path, *segments, **self._carried | query)
        return _PassedOn(self._app, _Inside(self._request, Call("GET", target)))

    async def _ask(self, method: str, target: str, body: dict[str, Any] | None = None) -> Answer:
        moment = self._request.request_state.moment
        if method != "GET" and moment is not None:
            await moment.let_go()
        if body and self._hides_personal:
            body = unmasked(body)
        inside = _Inside(self._request, Call(method, target, body), self._once)
        inside.state.patience_seconds = self._request.request_state.patience_seconds
        try:
            answer = await self._covered(inside.asked(self._app))
        except ApiError as error:
            self.is_unsure = self.is_unsure or (method != "GET" and is_unrecorded(error))
            raise
        self.answers.append(answer)
        return answer

    async def _covered(self, asked: Awaitable[Answer]) -> Answer:
        """As whoever looks may see it."""
        if not self._hides_personal:
            return await asked
        try:
            answer = await asked
        except ApiError as failure:
            raise masked_failure(failure) from failure
        return replace(answer, body=masked(answer.body))

    @property
    def _hides_personal(self) -> bool:
        caller = self._request.request_state.caller
        return caller is not None and caller.hides_personal


class _Inside:
    """A request of the page: everything of it that the caller has not is its own."""

    def __init__(self, outside: ApiRequest, call: Call, once: str = "") -> None:
        state = outside.request_state
        path, _, query = call.target.partition("?")
        sent = call.body is not None
        received = {b"content-type": b"application/json"} if sent else {}
        if call.method != "GET" and once:
            key = f"{once} {fingerprint(call.body or {})}"
            received[b"idempotency-key"] = key.encode("ascii", "replace")
        self.call = call
        self.state = RequestState(
            state.request_id, received, caller=state.caller, moment=state.moment
        )
        self.scope: Scope = {
            **{name: outside.scope[name] for name in _SHARED if name in outside.scope},
            "method": call.method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [*received.items()],
        }
        self.state.join(self.scope)
        self._text = orjson.dumps(call.body) if sent else b""
        self._is_sent = False
        self._outside = outside

    async def receive(self) -> Message:
        if self._is_sent:
            return await self._outside.receive()
        self._is_sent = True
        return {"type": "http.request", "body": self._text}

    async def asked(self, app: ASGIApp) -> Answer:
        taken = _Taken()
        keep_encoded_slashes(self.scope)
        try:
            await app(self.scope, self.receive, taken)
        except Exception as error:
            failure = answer_to(error, behind=self.state.behind)
            if failure is error or is_fault(failure):
                raise
            raise failure from error
        body = taken.body
        if taken.status >= _REFUSALS:
            raise _refusal(taken.status, body)
        return Answer(
            self.call,
            taken.status,
            body,
            taken.headers,
            self._position,
            self.state.behind,
            self._is_present,
        )

    @property
    def _position(self) -> int | None:
        said = (value for name, value in self.state.headers if name == b"whence-position")
        return next((int(value) for value in said), None)

    @property
    def _is_present(self) -> bool:
        asks_for_past = any(f"{name}=" in self.call.target for name in PAST)
        return asks_for_past and not getattr(self.scope.get("route"), "knows_the_past", True)


_SHARED: Final = ("type", "asgi", "http_version", "scheme", "root_path", "client", "server", "app")


class _Taken:
    """Takes an answer as it is sent."""

    def __init__(self) -> None:
        self.status = 0
        self.headers = Headers()
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = Headers(raw=list(message.get("headers", ())))
        else:
            self._parts.append(message.get("body", b""))

    @property
    def body(self) -> Any:
        text = b"".join(self._parts)
        return orjson.loads(text) if text else None


class _PassedOn(Response):
    def __init__(self, app: ASGIApp, inside: _Inside) -> None:
        self._app = app
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 (ASGI)
        keep_encoded_slashes(self._inside.scope)
        await self._app(self._inside.scope, self._inside.receive, send)


def _refusal(status: int, body: Any) -> ApiError:
    return ApiError(status, body["error"], body["code"], body["message"], body["details"])
