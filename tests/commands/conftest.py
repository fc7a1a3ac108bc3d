"""A handler over a real ledger, and a book to work in."""

import json
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from postgresql import databases_on
from secret_keys import KEYRING
from tables import empty_tables, make_tables

from commands.handling.handler import CommandHandler, Context, Idempotency
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
        database_url = f"sqlite:///{tmp_path_factory.mktemp('commands') / 'ledger.db'}"
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
    handler = CommandHandler(ledger, clock=now, ids=Ids(now), keyring=KEYRING)
    yield handler
    handler.close()


@pytest.fixture
def neighbour(ledger):
    """Another process on the same ledger, with a memory of its own."""
    neighbour = CommandHandler(ledger, clock=now, ids=Ids(now), keyring=KEYRING)
    yield neighbour
    neighbour.close()


@pytest.fixture
async def shop(handler, anyio_backend):  # noqa: ARG001 (asked for by name, so that it is there)
    return await found_organization(handler, "Kente Shop", context=Context())


@pytest.fixture
def book(shop):
    return f"{shop.org_id}/test"


@pytest.fixture
def live(shop):
    return f"{shop.org_id}/live"


@pytest.fixture
def do(handler, book):
    """Carries out one command in the test book: ``await do(create_payment, CreatePayment(…))``."""

    async def do(command, *values, by=handler, book=book):
        return await by.perform(book, lambda work: command(work, *values))

    return do


@pytest.fixture
def ask(handler, book):
    """The same through the door for the outside: an answer in JSON, with or without a key."""

    def refuse(refusal):
        return 409, json.dumps({"code": refusal.code, **refusal.details})

    async def ask(command, *values, key=None, fingerprint="a body", by=handler):
        return await by.handle(
            book,
            lambda work: command(work, *values),
            present=lambda result: (201, json.dumps({"id": getattr(result, "id", None)})),
            refuse=refuse,
            context=Context(request_id="req_1", key_id="key_1"),
            idempotency=key and Idempotency(key, fingerprint),
        )

    return ask
