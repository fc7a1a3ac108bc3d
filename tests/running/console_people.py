"""People with accounts of a merchant, each with a browser in which they are signed in."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial

import httpx
from api_server import Merchant
from console_browser import browser_at

from commands.passwords import hash_of
from commands.users import AddUser, add_user
from domain.book import Mode
from domain.user import Role, User

PASSWORD = "correct horse battery"

_hashed = cache(partial(hash_of, PASSWORD))


def add_person(merchant: Merchant, email: str, role: Role, name: str | None = None) -> User:
    command = AddUser(email=email, role=role, name=name)
    adding = merchant.server.parts.handler.perform(
        f"{merchant.org_id}/live", partial(add_user, command=command, hashed=_hashed())
    )
    return asyncio.run_coroutine_threadsafe(adding, merchant.server.loop).result(timeout=30)


def credentials(merchant: Merchant, email: str, password: str = PASSWORD) -> dict[str, str]:
    """What they fill in."""
    return {"organization": merchant.org_id, "email": email, "password": password}


@contextmanager
def signed_in_as(merchant: Merchant, email: str, *, mode: Mode = "test") -> Iterator[httpx.Client]:
    """Somebody's browser, in which they look at the book of this mode."""
    with browser_at(merchant.server.url) as browser:
        answer = browser.post("/console/login", data=credentials(merchant, email))
        assert answer.status_code == 303, answer.text
        assert browser.post("/console/mode", data={"mode": mode}).status_code == 303
        yield browser
