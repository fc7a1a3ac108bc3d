"""A store that release 0.1.0 wrote, to the letter, and what this one finds in it."""

import json
import sys
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import insert, select, text

from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from commands.link_payments import PayThroughLink, pay_through_link
from commands.payment_links import CreatePaymentLink, create_payment_link
from domain.customer import Customer
from ledger.chain import Chain
from ledger.database import (
    open_engine,
    upgrade,
    writing,
)
from ledger.ledger import Ledger
from ledger.migrations.running import migrations
from ledger.private_files import make_private_file
from ledger.schema import SCHEMA, books, claims, events, store
from whence.cli import main

pytestmark = pytest.mark.anyio

STORED = json.loads((Path(__file__).parent / "store_of_0_1_0.json").read_text(encoding="utf-8"))
BOOK = next(row["book"] for row in STORED["books"] if row["book"].endswith("/test"))
ADA = "+233501234567"


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def old_engine(database_url):
    """A database with the tables and the rows of 0.1.0."""
    engine = open_engine(database_url)
    if engine.dialect.name == "sqlite":
        make_private_file(Path(engine.url.database))
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for table in (store, books, events, claims):
            connection.execute(insert(table), [as_stored(row) for row in STORED[table.name]])
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(old_engine, clock):
    upgrade(old_engine)
    with Ledger(old_engine, clock=clock) as ledger:
        yield ledger


@pytest.fixture
def do(ledger, clock):
    handler = CommandHandler(ledger, clock=clock, ids=Ids(clock))

    async def do(command, *values):
        return await handler.perform(BOOK, lambda work: command(work, *values))

    yield do
    handler.close()


def as_stored(row):
    return row | {"digest": bytes.fromhex(row["digest"])} if "digest" in row else row


def by_phone(ledger):
    return [value.partition("\n") for value, _ in ledger.owners(BOOK, "phone", "")]


async def test_everybody_is_found_by_the_number_they_have_now(ledger, do):
    found = {}
    for phone, _, customer_id in by_phone(ledger):
        customer = await do(lambda work, who=customer_id: work.load_recent(Customer, who))
        found.setdefault(phone, []).append(customer.personal["name"])

    assert found == {
        ADA: ["Ada Lovelace", "Ada's brother"],
        "+233200000002": ["Grace Hopper"],
        "+233501234569": [None],
    }


async def test_who_pays_by_number_is_the_customer_0_1_0_recorded(ledger, do):
    terms = CreatePaymentLink(name="Summer Sale", amount=4000, currency="GHS")
    link = await do(partial(create_payment_link, prefills=True), terms)

    paid = await do(pay_through_link, link.id, PayThroughLink(phone="0501234567"))

    customer = await do(lambda work: work.load_recent(Customer, paid.customer_id))
    assert customer.external_id == "usr_1"
    assert isinstance(ledger.verify(BOOK), Chain)


async def test_nothing_but_the_numbers_is_added(ledger):
    with ledger.engine.connect() as connection:
        kept = connection.execute(select(events).order_by(events.c.book, events.c.position)).all()
        claimed = connection.execute(select(claims).where(claims.c.kind != "phone")).all()

    assert [row._asdict() for row in kept] == [as_stored(row) for row in STORED["events"]]
    assert sorted(row._asdict().items() for row in claimed) == sorted(
        row.items() for row in STORED["claims"]
    )


@pytest.mark.usefixtures("old_engine")
def test_its_facts_and_the_views_of_them_are_sound(database_url, monkeypatch, capsys):
    monkeypatch.setenv("WHENCE_DATABASE_URL", database_url)
    for name in ("rebuild", "verify"):
        monkeypatch.setattr(sys, "argv", ["whence", name])

        with pytest.raises(SystemExit) as ended:
            main()

        assert not ended.value.code
    assert "books are sound: every fact, claim and kept answer, and " in capsys.readouterr().out


async def test_a_number_that_is_claimed_already_stays_with_its_customer(old_engine, clock):
    ada = next(row["stream"] for row in STORED["events"] if ADA in row["data"])
    with writing(old_engine) as connection:
        row = {"book": BOOK, "kind": "phone", "value": f"{ADA}\n{ada}", "stream": ada}
        connection.execute(insert(claims), row)

    upgrade(old_engine)

    assert len(by_phone(Ledger(old_engine, clock=clock))) == 4
