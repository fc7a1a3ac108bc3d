"""A store of before 0007 claims its customers by what two ways to write a name have in common."""

import logging

import pytest
from alembic import command
from sqlalchemy import delete, insert
from tables import drop_what_was_made_later

from commands.customers import (
    CreateCustomer,
    PutCustomer,
    UpdateCustomer,
    create_customer,
    customer_known_as,
    delete_customer,
    first_alive,
    put_customer,
    update_customer,
)
from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from commands.payments import CreatePayment, create_payment
from domain.customer import Customer, CustomerNotFound, ExternalIdTaken
from ledger.chain import Chain
from ledger.database import open_engine, upgrade, writing
from ledger.ledger import Ledger
from ledger.migrations.running import migrations
from ledger.schema import claims

pytestmark = pytest.mark.anyio

C_1, C_2, C_3, C_4, C_5 = (f"cus_{number:026}" for number in range(1, 6))
BOOK, OTHER_BOOK = "org_1/test", "org_2/test"
COMPOSED, IN_PARTS = "zo\u00e9 1", "zoe\u0301 1"

# What 0.1.0 recorded, in the order of registration.
PEOPLE = {
    C_1: {"external_id": IN_PARTS, "email": "zo\u00e9@example.com"},
    C_2: {"external_id": f" {COMPOSED}", "phone": "+2330244123456"},
    C_3: {"external_id": "usr_3", "email": "\u039f\u0394\u039f\u03a3@example.com"},
    C_4: {"external_id": "usr_4\u200b", "phone": "+233244123456"},
    C_5: {"external_id": "  "},
}


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def old_engine(database_url, clock):
    engine = open_engine(database_url)
    upgrade(engine)
    with Ledger(engine, clock=clock) as ledger:
        handler = CommandHandler(ledger, clock=clock, ids=Ids(clock))
        for book in (BOOK, OTHER_BOOK):
            for customer_id, profile in PEOPLE.items():
                await handler.perform(book, lambda work, c=customer_id, p=profile: add(work, c, p))
        handler.close()
    with writing(engine) as connection:
        connection.execute(delete(claims))
        rows = [row for book in (BOOK, OTHER_BOOK) for row in as_claimed_before(book)]
        connection.execute(insert(claims), rows)
        config = migrations()
        config.attributes["connection"] = connection
        command.stamp(config, "0006")
        drop_what_was_made_later(connection)
    yield engine
    engine.dispose()


async def add(work, customer_id, profile):
    work.add(Customer.register(customer_id, **profile, now=work.now))


def as_claimed_before(book):
    def row(kind, value, stream):
        return {"book": book, "kind": kind, "value": value, "stream": stream}

    for customer_id, profile in PEOPLE.items():
        yield row("external_id", profile["external_id"], customer_id)
        for kind in {"email", "phone"} & profile.keys():
            value = profile[kind].lower()
            yield row(kind, f"{value}\n{customer_id}", customer_id)
            yield row("payer", value, customer_id)


@pytest.fixture
def ledger(old_engine, clock):
    upgrade(old_engine)
    with Ledger(old_engine, clock=clock) as ledger:
        yield ledger


@pytest.fixture
def do(ledger, clock):
    handler = CommandHandler(ledger, clock=clock, ids=Ids(clock))

    async def do(decide, *values, book=BOOK):
        return await handler.perform(book, lambda work: decide(work, *values))

    yield do
    handler.close()


@pytest.mark.parametrize("book", [BOOK, OTHER_BOOK])
async def test_everybody_is_found_however_their_name_is_written(do, book):
    for called, customer_id in {
        COMPOSED: C_1,
        IN_PARTS: C_1,
        "usr_3": C_3,
        "usr_4": C_4,
    }.items():
        assert await do(customer_known_as, called, book=book) == customer_id

    for kind, address, customer_id in [
        ("email", "ZOE\u0301@example.com", C_1),
        ("email", "\u03bf\u03b4\u03bf\u03c3@example.com", C_3),
        ("phone", "+233 024 412 3456", C_2),
    ]:
        assert (await do(first_alive, kind, address, book=book)).id == customer_id


async def test_what_was_typed_otherwise_is_nobodys_claim_any_more(ledger):
    claimed = {
        (kind, value): stream
        for kind in ("external_id", "namesake", "email", "phone", "payer")
        for value, stream in ledger.owners(BOOK, kind, "")
    }

    assert claimed == {
        ("external_id", COMPOSED): C_1,
        ("namesake", f"{COMPOSED}\n{C_2}"): C_2,
        ("external_id", "usr_3"): C_3,
        ("external_id", "usr_4"): C_4,
        ("email", "zo\u00e9@example.com\n" + C_1): C_1,
        ("email", "\u03bf\u03b4\u03bf\u03c3@example.com\n" + C_3): C_3,
        ("phone", "+233244123456\n" + C_2): C_2,
        ("phone", "+233244123456\n" + C_4): C_4,
        ("payer", "zo\u00e9@example.com"): C_1,
        ("payer", "\u03bf\u03b4\u03bf\u03c3@example.com"): C_3,
        ("payer", "+233244123456"): C_2,
    }
    assert isinstance(ledger.verify(BOOK), Chain)


async def test_two_that_are_one_from_now_on_are_reported_and_not_refused(old_engine, caplog):
    with caplog.at_level(logging.WARNING):
        upgrade(old_engine)

    said = [record.getMessage() for record in caplog.records if "external ids" in record.message]
    assert said == [
        f"in {book} the external ids of {C_1} and {C_2} are the same from now on: it finds {C_1}"
        for book in (BOOK, OTHER_BOOK)
    ]


async def test_what_is_taken_stays_taken_and_the_rest_goes_on(do):
    with pytest.raises(ExternalIdTaken):
        await do(create_customer, CreateCustomer(external_id=COMPOSED))

    put = await do(put_customer, IN_PARTS, PutCustomer(name="Zo\u00e9"))
    paid = await do(
        create_payment,
        CreatePayment(amount=100, currency="GHS", customer_id="ZO\u00c9@example.com"),
    )

    assert (put.created, put.customer.id, paid.customer_id) == (False, C_1, C_1)


@pytest.mark.parametrize("way", ["deleted", "renamed"])
async def test_a_name_that_is_given_up_finds_the_other_who_has_it(do, way):
    if way == "deleted":
        await do(delete_customer, C_1)
    else:
        await do(update_customer, C_1, UpdateCustomer(external_id="usr_1"))

    assert await do(customer_known_as, IN_PARTS) == C_2
    with pytest.raises(ExternalIdTaken):
        await do(create_customer, CreateCustomer(external_id=COMPOSED))
    await do(delete_customer, C_2)
    await do(create_customer, CreateCustomer(external_id=COMPOSED))


async def test_whoever_has_the_name_second_may_take_another(do, ledger):
    await do(update_customer, C_2, UpdateCustomer(external_id="usr_2"))
    await do(delete_customer, C_1)

    assert await do(customer_known_as, "usr_2") == C_2
    with pytest.raises(CustomerNotFound):
        await do(customer_known_as, COMPOSED)
    assert ledger.owners(BOOK, "namesake", "") == []
