"""Actors: what people call whoever did something: a key of the organization, or a person of it."""

from collections.abc import Iterable

from api.http.request import ApiRequest
from commands.viewers import ACCOUNTS
from domain.book import Book
from domain.user import User


async def names_of(request: ApiRequest, ids: Iterable[str | None]) -> dict[str, str]:
    """By their ids, of keys of the caller's mode and of people, who may be gone by now."""
    keys = request.caller.organization.keys
    book = str(Book(request.org_id, ACCOUNTS))
    names: dict[str, str] = {}
    for each in filter(None, ids):
        if each in keys:
            names[each] = keys[each].name
        elif each not in names:
            user = await request.dependencies.handler.load_recent(User, book, each)
            names |= {} if user is None else {each: user.name}
    return names
