"""A shop whose facts others are told of: its book on both databases, and how it does things."""

from datetime import UTC, datetime

import pytest

from commands.handling.handler import CommandHandler, Context
from commands.handling.ids import Ids
from commands.organizations import found_organization


def now():
    return datetime.now(UTC)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def engine(emptied_engine):
    """Quicker than tables that are made anew."""
    return emptied_engine


@pytest.fixture
def handler(ledger):
    handler = CommandHandler(ledger, clock=now, ids=Ids(now))
    yield handler
    handler.close()


@pytest.fixture
async def book(handler, anyio_backend):  # noqa: ARG001 (asked for by name, so that it is there)
    founded = await found_organization(handler, "Kente Shop", context=Context())
    return f"{founded.org_id}/test"


@pytest.fixture
def do(handler, book):
    """Carries out one command: ``await do(create_payment, CreatePayment(…))``."""

    async def do(command, *values):
        return await handler.perform(book, lambda work: command(work, *values))

    return do
