"""One request that has been let in: whose it is, and the two things it can do."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http.dependencies import Dependencies
from api.http.errors import JSON, InvalidInput, MissingKey, refused
from api.http.moments import asked_moment
from api.http.parsing import fingerprint
from api.http.request_state import RequestState
from commands.directory import Principal
from commands.handling.handler import Context, Idempotency
from commands.handling.unit_of_work import UnitOfWork
from domain.book import Book
from projections.engine.live.reader import QueryResult
from projections.engine.time_travel.reader import Moment

T = TypeVar("T")

_LONGEST_KEY = 255
_LONGEST_ACTOR = 255
_LONGEST_SCOPED_KEY = 512


class ApiRequest(Request):
    """A request inside a book: it decides something, or it asks something."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.request_state = RequestState.of(scope)
        self.dependencies: Dependencies = scope["app"].state.dependencies

    @property
    def caller(self) -> Principal:
        caller = self.request_state.caller
        if caller is None:
            raise self.request_state.refused_key or MissingKey()
        return caller

    @property
    def org_id(self) -> str:
        return self.caller.org_id

    @property
    def book_name(self) -> str:
        return self.caller.book

    @property
    def book(self) -> Book:
        return Book(self.caller.org_id, self.caller.mode)

    @property
    def site(self) -> str:
        """Where the pages for people are: as it was set, else where this request was sent."""
        return self.dependencies.public_url or f"{self.url.scheme}://{self.url.netloc}"

    @property
    def moment(self) -> Moment | None:
        """Which past the question is about; None for the present. Raises InvalidInput."""
        return asked_moment(self.scope["query_string"], self.dependencies.handler.clock())

    @property
    def now(self) -> datetime:
        """The moment the question is asked as of: what "the last 30 days" end with."""
        moment = self.moment
        asked = moment and (moment.as_of or moment.known_at)
        return asked or self.dependencies.handler.clock()

    async def decide(
        self,
        decide: Callable[[UnitOfWork], Awaitable[tuple[int, Any]]],
        *,
        with_secrets: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        book: str | None = None,
        in_browser: bool = False,
        key: str | None = None,
        keyed: bool = True,
    ) -> Response:
        """Runs a command and answers what it has stored.

        ``decide`` gives the status and the body of the answer, None for no body; ``with_secrets``
        adds to the body what may be told and never stored. ``book`` is the caller's unless the
        request names another. Idempotency keys of browsers are apart from those of servers, so
        that neither is given what was answered to the other; ``key`` stands for the header where
        a form carries the key. What is asked for with GET, or is not ``keyed``, has no key: it is
        the same however often it is done, and what is answered is not stored.
        """
        told: dict[str, bytes] = {}

        def present(decided: tuple[int, Any]) -> tuple[int, str]:
            status, body = decided
            stored = "" if body is None else orjson.dumps(body).decode()
            if with_secrets is not None:
                told[stored] = orjson.dumps(with_secrets(body))
            return status, stored

        answer = await self.dependencies.handler.handle(
            book or self.book_name,
            decide,
            present=present,
            refuse=refused,
            context=self._context(),
            idempotency=self._idempotency(key, in_browser=in_browser) if keyed else None,
        )
        self.request_state.headers.append((b"whence-position", b"%d" % answer.position))
        self.request_state.replayed = answer.replayed
        if not answer.body:
            return Response(status_code=answer.status)
        text = told.get(answer.body)
        if text is None and with_secrets is not None and answer.status < 400:  # noqa: PLR2004 (no refusal)
            text = orjson.dumps(with_secrets(orjson.loads(answer.body)))
        return Json(text or answer.body.encode(), answer.status)

    async def ask(self, query: Callable[[Connection], T]) -> T:
        """What the views say, as of this request's arrival or of the moment it names.

        How late they are goes beside it.
        """
        return (await self.tell(query)).result

    async def tell(self, query: Callable[[Connection], T]) -> QueryResult[T]:
        """The same, with the position it shows."""
        moment = self.moment
        if moment is None:
            told: QueryResult[T] = await self.dependencies.views.ask(
                self.book_name, query, wait_seconds=self.dependencies.query_wait_seconds
            )
        else:
            told = await self.dependencies.past.ask(self.book_name, moment, query)
        self._note(told)
        return told

    @asynccontextmanager
    async def read_on(
        self, query: Callable[[Connection], Iterator[T]]
    ) -> AsyncIterator[AsyncIterator[T]]:
        """What `ask` says, for more than fits in memory: part after part, all of one moment."""
        moment = self.moment
        if moment is None:
            telling = self.dependencies.views.stream(
                self.book_name, query, wait_seconds=self.dependencies.query_wait_seconds
            )
        else:
            telling = self.dependencies.past.stream(self.book_name, moment, query)
        async with telling as told:
            self._note(told)
            yield told.result

    def _note(self, told: QueryResult[Any]) -> None:
        self.request_state.headers.append((b"whence-position", b"%d" % told.position))
        if told.behind:
            self.request_state.headers.append((b"whence-behind", b"%d" % told.behind))

    def _context(self) -> Context:
        caller = self.request_state.caller
        actor = self.request_state.header(b"x-actor-id")
        return Context(
            actor=actor[:_LONGEST_ACTOR] if actor else None,
            key_id=caller.key_id if caller else None,
            request_id=self.request_state.request_id,
        )

    def _idempotency(self, key: str | None, *, in_browser: bool) -> Idempotency | None:
        if self.method == "GET":
            return None
        key = key or self.request_state.header(b"idempotency-key")
        if key is None:
            if self.dependencies.require_idempotency_key:
                raise InvalidInput(
                    "Idempotency-Key", "this header is required", "missing_idempotency_key"
                )
            return None
        if not 1 <= len(key) <= _LONGEST_KEY or not key.isprintable():
            raise InvalidInput("Idempotency-Key", f"must have 1 to {_LONGEST_KEY} characters")
        sent: dict[str, Any] = self.scope.get("whence.sent", {})
        path = self.scope["raw_path"].decode("latin-1")
        audience = "browser " if in_browser else ""
        return Idempotency(_scoped(f"{audience}{self.method} {path} {key}"), fingerprint(sent))


def _scoped(key: str) -> str:
    """A key as it is stored: a long path would not fit the index it is found by."""
    if len(key) <= _LONGEST_SCOPED_KEY:
        return key
    return f"sha256 {sha256(key.encode()).hexdigest()}"


class Json(Response):
    """An answer whose text is ready: nothing of it is looked at again."""

    def __init__(self, text: bytes, status: int) -> None:
        self.status_code = status
        self.body = text
        self.background = None
        self.raw_headers = [
            (b"content-length", b"%d" % len(text)),
            (b"content-type", JSON.encode()),
        ]


def answer(body: Any, status: int = 200) -> Response:
    return Json(orjson.dumps(body), status)
