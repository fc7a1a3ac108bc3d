"""A shop whose facts others are told of: its book on both databases, and how it does things."""

from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from postgresql import databases_on
from tables import empty_tables, make_tables

from commands.handling.handler import CommandHandler, Context
from commands.handling.ids import Ids
from commands.organizations import found_organization
from ledger.database import open_engine


def now():
    return datetime.now(UTC)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def tables(request, tmp_path_factory):
    """The ledger's tables in a database of each kind, made once for all tests of a run."""
    with ExitStack() as stack:
        database_url = f"sqlite:///{tmp_path_factory.mktemp('delivery') / 'ledger.db'}"
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql_server")
            database_url = stack.enter_context(databases_on(server))()
        engine = open_engine(database_url)
        stack.callback(engine.dispose)
        make_tables(engine)
        yield engine


@pytest.fixture
def engine(tables):
    """With empty tables, as if they were made for one test."""
    yield tables
    empty_tables(tables)


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
