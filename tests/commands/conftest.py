"""A handler over a real ledger, and a book to work in."""

import json
from datetime import UTC, datetime

import pytest
from secret_keys import KEYRING

from commands.handling.handler import CommandHandler, Context, Idempotency
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

    async def ask(command, *values, key=None, fingerprint="a body", by=handler, **how):
        return await by.handle(
            book,
            lambda work: command(work, *values),
            present=lambda result: (201, json.dumps({"id": getattr(result, "id", None)})),
            refuse=refuse,
            context=Context(request_id="req_1", key_id="key_1"),
            idempotency=key and Idempotency(key, fingerprint),
            **how,
        )

    return ask
