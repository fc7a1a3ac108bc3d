"""API request: whose it is, its idempotency key, and the two things it can do: decide and ask."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, tzinfo
from typing import Any, Concatenate, ParamSpec, TypeVar, TypeVarTuple

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http.command_answers import CommandAnswers, Show, WithSecrets
from api.http.dependencies import Dependencies
from api.http.errors import Forbidden, MissingKey, refused
from api.http.idempotency import idempotency_of
from api.http.parsing import parse_query
from api.http.query_fields import time_zone
from api.http.request_state import RequestState
from api.http.time_travel import moment_in
from commands.handling.handler import Context, Idempotency
from commands.handling.unit_of_work import UnitOfWork
from commands.principals import Principal
from domain.book import Book
from domain.errors import NotFound
from projections.engine.generations.generations import ViewsRebuilding
from projections.engine.live.one_moment import OneMoment
from projections.engine.live.reader import QueryResult
from projections.engine.time_travel.reader import Moment
from projections.engine.time_travel.stream_views import FactsAbout

T = TypeVar("T")
P = ParamSpec("P")
Ts = TypeVarTuple("Ts")
Command = Callable[[UnitOfWork, *Ts], Awaitable[T]]
Query = Callable[Concatenate[Connection, str, P], T]

# What lets a caller know who the customers are, and what follows from that (`reads_customers`).
READS_CUSTOMERS = "customers:read"

# Long enough for views that are up to date in all but name, short enough for a command.
_COMMANDS_WAIT_SECONDS = 0.25
_LONGEST_ACTOR = 255


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
    def reads_customers(self) -> bool:
        """Whether customers may be told of; of somebody without a key, they may not."""
        caller = self.request_state.caller
        return caller is not None and caller.may(READS_CUSTOMERS)

    def must_export(self) -> None:
        """Raises Forbidden for people who take nothing away, as a file or as it happens."""
        if not self.caller.may_export:
            raise Forbidden(
                "not_for_this_role", f"as {self.caller.role} you may not take lists away"
            )

    def must_delete(self) -> None:
        """Raises Forbidden for people who delete nothing for ever."""
        if not self.caller.may_delete:
            raise Forbidden(
                "not_for_this_role", f"as {self.caller.role} you may not delete customers"
            )

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
        """Where the pages for people are: as it was set, else the address that was connected to.

        Never what a header says: whoever sends one would choose where links lead.
        """
        return self.dependencies.public_url or _listened_on(self.scope)

    @property
    def moment(self) -> Moment | None:
        """Which past the question is about; None for the present. Raises InvalidInput."""
        return moment_in(self.scope["query_string"], self.dependencies.handler.clock())

    @property
    def time_zone(self) -> tzinfo:
        """The zone whose days the question speaks of. Raises InvalidInput."""
        return time_zone(parse_query(self.scope["query_string"]))

    @property
    def now(self) -> datetime:
        """The moment the question is asked as of: what "the last 30 days" end with."""
        moment = self.moment
        past = moment and (moment.as_of or moment.known_at)
        return past or self.dependencies.handler.clock()

    async def decide(
        self,
        command: Command[*Ts, T],
        *arguments: *Ts,
        show: Show[T] | WithSecrets[T] | None = None,
        status: int | Callable[[T], int] | None = None,
        book: str | None = None,
        in_browser: bool = False,
        key: str | None = None,
        keyed: bool = True,
        reaches_outside: bool = False,
    ) -> Response:
        """Runs a command and answers what it has stored.

        The body is what ``show`` makes of the result; without it there is none, and the status
        is 204. ``book`` is the caller's unless the request names another. Idempotency keys of
        browsers are apart from those of servers, so that neither is given what was answered to
        the other; ``key`` stands for the header where a form carries the key. What is asked for
        with GET, or is not ``keyed``, has no key: it is the same however often it is done, and
        what is answered is not stored. What may be stored is the same for all who ask; each is
        told of it what they may know. A command that ``reaches_outside`` of the book, to send
        something say, is begun once by a key.
        """
        answers = CommandAnswers(
            self,
            show,
            status,
            hides_customers=keyed and self.method != "GET" and not self.reads_customers,
        )
        answer = await self.dependencies.handler.handle(
            book or self.book_name,
            lambda work: answers.shown(work, command(work, *arguments)),
            present=answers.stored,
            refuse=refused,
            context=self._context(),
            idempotency=self._idempotency(key, in_browser=in_browser) if keyed else None,
            reaches_outside=reaches_outside,
        )
        if not in_browser:
            self._note_position(answer.position)
        self.request_state.replayed = answer.replayed
        return answers.told(answer)

    async def perform(self, command: Command[*Ts, T], *arguments: *Ts) -> T:
        """What whoever decides says, as it is now; no answer is stored."""
        return await self.dependencies.handler.perform(
            self.book_name, lambda work: command(work, *arguments), context=self._context()
        )

    @asynccontextmanager
    async def at_one_moment(self) -> AsyncIterator[None]:
        """Whatever the views are asked within is of one moment, until something is recorded."""
        async with OneMoment(self.dependencies.views, self.book_name) as moment:
            self.request_state.moment = moment
            try:
                yield
            finally:
                self.request_state.moment = None

    async def ask(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the views say, as of this request's arrival or of the moment it names.

        ``query`` takes a connection and the book; how late the views are goes beside the answer.
        """
        return (await self.ask_at(self.moment, query, *args, **kwargs)).result

    async def ask_about(
        self,
        about: Callable[[Connection, str], FactsAbout],
        query: Query[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """As `ask`, what only a few facts tell: of the past no others are folded.

        ``about`` says which they are, from the views of now.
        """
        return (await self.ask_about_at(self.moment, about, query, *args, **kwargs)).result

    async def ask_about_at(
        self,
        moment: Moment | None,
        about: Callable[[Connection, str], FactsAbout],
        query: Query[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> QueryResult[T]:
        """The same as of a moment; None is the present."""
        read = self._reading(query, *args, **kwargs)
        if moment is None:
            return self._noted(await self._of_now(read))
        book = self.book_name
        known = await self._of_now(lambda db: about(db, book))
        past = self.dependencies.past
        return self._noted(await past.ask_about(book, moment, known, read, asker=self.caller.id))

    async def ask_now(self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the views say as of this request's arrival, of what has no past to be asked for."""
        return (await self.ask_at(None, query, *args, **kwargs)).result

    async def ask_at(
        self, moment: Moment | None, query: Query[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> QueryResult[T]:
        """What the views say as of a moment; None is the present.

        Which position the first of several answers shows is said: the others are held against it.
        """
        read = self._reading(query, *args, **kwargs)
        if moment is None:
            return self._noted(await self._of_now(read))
        return self._noted(
            await self.dependencies.past.ask(
                self.book_name,
                moment,
                read,
                asker=self.caller.id,
                wait_seconds=self.request_state.patience_seconds,
            )
        )

    def _reading(
        self, query: Query[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> Callable[[Connection], T | NotFound]:
        book = self.book_name

        def read(db: Connection) -> T | NotFound:
            try:
                return query(db, book, *args, **kwargs)
            except NotFound as missing:
                # An answer as any other: how late the views are goes beside it.
                return missing

        return read

    async def _of_now(self, read: Callable[[Connection], T]) -> QueryResult[T]:
        views = self.request_state.moment or self.dependencies.views
        wait_seconds = self.dependencies.query_wait_seconds
        return await views.ask(self.book_name, read, wait_seconds=wait_seconds)

    def _noted(self, found: QueryResult[T | NotFound]) -> QueryResult[T]:
        self._note(found)
        if isinstance(found.result, NotFound):
            raise found.result
        return QueryResult(found.result, found.position, found.behind)

    async def ask_shortly(
        self, book: str, query: Query[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> QueryResult[T] | None:
        """What the views say beside a command, which does not wait long; None without views."""
        with suppress(ViewsRebuilding, DBAPIError):
            return await self.dependencies.views.ask(
                book,
                lambda db: query(db, book, *args, **kwargs),
                wait_seconds=_COMMANDS_WAIT_SECONDS,
            )
        return None

    @asynccontextmanager
    async def ask_in_parts(
        self, query: Callable[[Connection, str], Iterator[T]], *, now: bool = False
    ) -> AsyncIterator[AsyncIterator[T]]:
        """What `ask` says, for more than fits in memory: part after part, all of one moment.

        ``now``: what `ask_now` says.
        """
        moment, book = None if now else self.moment, self.book_name

        def read(db: Connection) -> Iterator[T]:
            return query(db, book)

        if moment is None:
            streaming = self.dependencies.views.stream(
                book, read, wait_seconds=self.dependencies.query_wait_seconds
            )
        else:
            streaming = self.dependencies.past.stream(book, moment, read, asker=self.caller.id)
        async with streaming as found:
            self._note(found)
            yield found.result

    def _note(self, found: QueryResult[Any]) -> None:
        if self.request_state.is_noted:
            return
        self.request_state.is_noted = True
        self._note_position(found.position)
        self.request_state.behind = found.behind
        if found.behind:
            self.request_state.headers.append((b"whence-behind", b"%d" % found.behind))

    def _note_position(self, position: int) -> None:
        """It counts what was recorded: from one to the next, also whether somebody was new."""
        if self.reads_customers:
            self.request_state.headers.append((b"whence-position", b"%d" % position))

    def _context(self) -> Context:
        caller = self.request_state.caller
        said = self.request_state.header(b"x-actor-id")
        actor = caller.user.id if caller and caller.user else said
        return Context(
            actor=actor[:_LONGEST_ACTOR] if actor else None,
            key_id=caller.key_id if caller else None,
            request_id=self.request_state.request_id,
        )

    def _idempotency(self, key: str | None, *, in_browser: bool) -> Idempotency | None:
        required = self.dependencies.require_idempotency_key
        return idempotency_of(self, key, required=required, in_browser=in_browser)


def _listened_on(scope: Scope) -> str:
    host, port = scope["server"]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
