"""The console of a merchant, over the whole application and a real store."""

from collections.abc import Iterator

import httpx
import pytest
from api_server import (
    Merchant,
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
from console_browser import signed_in

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
