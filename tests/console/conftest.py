"""The console of a merchant, over the whole application and a real store."""

from collections.abc import Iterator

import httpx
import pytest
from api_server import (
    Merchant,
    Server,
    client,
    database,
    database_url,
    log,
    merchant,
    new_server,
    sent,
    server,
    server_on_postgresql,
    server_on_sqlite,
    stranger,
)
from browser import Pages
from console_browser import signed_in
from playwright.sync_api import Page

__all__ = [
    "client",
    "database",
    "database_url",
    "log",
    "merchant",
    "new_server",
    "sent",
    "server",
    "server_on_postgresql",
    "server_on_sqlite",
    "stranger",
]


@pytest.fixture
def console(merchant: Merchant) -> Iterator[httpx.Client]:
    """A browser without scripts in which somebody is signed in who may do everything."""
    with signed_in(merchant.server.url, merchant.founded.keys["test"]) as browser:
        yield browser


@pytest.fixture
def page(pages: Pages, server: Server, console: httpx.Client) -> Page:
    """Of a real browser, in which the same is signed in."""
    page = pages.fresh(scripts=True)
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": f"{server.url}/console"}
            for name, value in console.cookies.items()
        ]
    )
    return page
