"""People who sign in to the console: who they are, what they may, where they are signed in.

Their accounts open both modes, so a key of the test mode neither sees nor changes them.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, TypeVar

from fastapi import Query
from starlette.responses import Response

from api.http.command_answers import WithSecrets
from api.http.errors import Forbidden, Unavailable, insufficient_scope
from api.http.pagination import PageRequest, UpTo200, list_answer, page_of
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import PRESENT_ONLY, example, needs, new_router
from api.resources.users import (
    NewUser,
    User,
    Users,
    UserSessions,
    sessions_of,
    user_of,
)
from commands import users as commands
from commands.console_sessions import SignedIn, end_sessions, open_sessions
from commands.handling.unit_of_work import UnitOfWork
from commands.passwords import CannotProve, made_password
from commands.users import AddPerson, SetPassword, SetRole
from commands.viewers import ACCOUNTS
from domain.book import Book
from domain.user import RIGHTS, Role
from domain.user import User as Person

T = TypeVar("T")

command_router = new_router("people")
query_router = new_router("people")
READ, WRITE = needs("users:read"), needs("users:write")


class ListUsers(PageRequest):
    limit: UpTo200 = 100


@command_router.post(
    "/v1/users",
    status_code=201,
    response_model=NewUser,
    dependencies=[WRITE],
    openapi_extra=example(email="efua@shop.example", name="Efua Asante", role="support"),
)
async def add_user(request: ApiRequest, command: AddPerson) -> Response:
    """An account, with the password that is sent, or one that is made and told this once."""
    password, hashed = await _password(request, command.password)

    async def add(work: UnitOfWork) -> Person:
        _must_cover(request, command.role)
        return await commands.add_user(work, command, hashed)

    return await _decide_with_password(request, add, password, status=201)


@command_router.patch(
    "/v1/users/{user_id}",
    response_model=User,
    dependencies=[WRITE],
    openapi_extra=example(role="finance"),
)
async def set_role(request: ApiRequest, user_id: str, command: SetRole) -> Response:
    """They are signed out everywhere. The last owner stays one."""

    async def change(work: UnitOfWork) -> Person:
        await _named(request, work, user_id)
        _must_cover(request, command.role)
        return await commands.set_role(work, user_id, command.role)

    return await request.decide(change, show=_body, book=_accounts(request))


@command_router.post(
    "/v1/users/{user_id}/password",
    response_model=NewUser,
    dependencies=[WRITE],
    openapi_extra=example(),
)
async def set_password(request: ApiRequest, user_id: str, command: SetPassword) -> Response:
    """Another password, as sent or made and told this once; they are signed out everywhere.

    People change their own in the console, where they are asked for the one they have.
    """
    asks = None if request.caller.user is None else request.caller.user.id
    password, hashed = await _password(request, command.password)

    async def change(work: UnitOfWork) -> Person:
        await _named(request, work, user_id)
        return await commands.set_password(work, user_id, hashed, for_somebody_by=asks)

    return await _decide_with_password(request, change, password)


@command_router.delete("/v1/users/{user_id}", status_code=204, dependencies=[WRITE])
async def remove_user(request: ApiRequest, user_id: str) -> Response:
    """They are signed out everywhere. The last owner stays; what somebody did stays theirs."""

    async def remove(work: UnitOfWork) -> None:
        await _named(request, work, user_id)
        await commands.remove_user(work, user_id)

    return await request.decide(remove, book=_accounts(request))


@command_router.delete("/v1/users/{user_id}/sessions", status_code=204, dependencies=[WRITE])
async def end_user_sessions(request: ApiRequest, user_id: str) -> Response:
    """They are signed out everywhere, and may sign in again."""

    async def end(work: UnitOfWork) -> None:
        user = await _named(request, work, user_id)
        await end_sessions(work, await open_sessions(work, user))

    return await request.decide(end, book=_accounts(request))


@query_router.get("/v1/users", response_model=Users, dependencies=[READ, PRESENT_ONLY])
async def list_users(request: ApiRequest, query: Annotated[ListUsers, Query()]) -> Response:
    """By their addresses."""
    users = await _perform(request, commands.list_users)
    signed_in = await _perform(request, open_sessions)
    page = page_of(users, query, lambda user: user.id)
    return list_answer(request, "users", page, query, lambda user: user_of(user, signed_in))


@query_router.get("/v1/users/{user_id}", response_model=User, dependencies=[READ, PRESENT_ONLY])
async def show_user(request: ApiRequest, user_id: str) -> Response:
    """One of them."""
    user, signed_in = await _perform(request, partial(_with_sessions, user_id=user_id))
    return answer(user_of(user, signed_in))


@query_router.get(
    "/v1/users/{user_id}/sessions", response_model=UserSessions, dependencies=[READ, PRESENT_ONLY]
)
async def list_user_sessions(request: ApiRequest, user_id: str) -> Response:
    """Where somebody is signed in, the newest first."""
    _, signed_in = await _perform(request, partial(_with_sessions, user_id=user_id))
    return answer(sessions_of(signed_in))


async def must_have_been_there(request: ApiRequest, user_id: str) -> None:
    """Raises UserNotFound of whoever never had an account; Forbidden for who may not see them."""
    await _perform(request, partial(commands.user_ever, user_id=user_id))


async def _with_sessions(work: UnitOfWork, user_id: str) -> tuple[Person, list[SignedIn]]:
    user = await commands.show_user(work, user_id)
    return user, await open_sessions(work, user)


def _body(_work: UnitOfWork, user: Person) -> dict[str, Any]:
    """Whoever has just been shut out, or added, is signed in nowhere."""
    return user_of(user, [])


async def _decide_with_password(
    request: ApiRequest,
    command: Callable[[UnitOfWork], Awaitable[Person]],
    password: str | None,
    status: int = 200,
) -> Response:
    """Of an answer that was stored the password is not known any more."""

    def tell(_: ApiRequest, body: dict[str, Any], done: Person | None) -> dict[str, Any]:
        return body | {"password": None if done is None else password}

    show = WithSecrets(_body, tell)
    return await request.decide(command, show=show, status=status, book=_accounts(request))


async def _password(request: ApiRequest, chosen: str | None) -> tuple[str | None, str]:
    """What is made, if it is, and the hash of what somebody is to sign in with."""
    made = made_password() if chosen is None else None
    try:
        return made, await request.dependencies.viewers.hashed(made or chosen or "")
    except CannotProve as reason:
        raise Unavailable("sign_in_unavailable", str(reason)) from reason


async def _perform(request: ApiRequest, command: Callable[[UnitOfWork], Awaitable[T]]) -> T:
    return await request.dependencies.handler.perform(_accounts(request), command)


async def _named(request: ApiRequest, work: UnitOfWork, user_id: str) -> Person:
    user = await commands.named(work, user_id)
    _must_cover(request, user.role)
    return user


def _accounts(request: ApiRequest) -> str:
    """The book with the accounts, for whoever may do something with them."""
    if not request.caller.opens_both:
        raise Forbidden("live_key_needed", "accounts open both modes: ask with a key of live mode")
    return str(Book(request.org_id, ACCOUNTS))


def _must_cover(request: ApiRequest, role: Role) -> None:
    """Nobody makes, or becomes, somebody who may more than they do themselves."""
    scopes = request.caller.scopes
    if scopes and not RIGHTS[role].scopes <= scopes:
        raise insufficient_scope(*sorted(RIGHTS[role].scopes - scopes))
