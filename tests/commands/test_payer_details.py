"""Payer details wait for their payment, and fill gaps only."""

import asyncio
from functools import partial

import pytest

from commands.client_secrets import client_secret
from commands.customers import (
    CreateCustomer,
    UpdateCustomer,
    create_customer,
    delete_customer,
    update_customer,
)
from commands.link_payments import PayThroughLink, pay_through_link
from commands.payer_details import details_of
from commands.payment_links import CreatePaymentLink, create_payment_link
from commands.payments import (
    ConfirmPayment,
    CreatePayment,
    confirm_intent,
    confirm_payment,
    create_payment,
)
from domain.customer import Customer
from domain.organization import Organization

pytestmark = pytest.mark.anyio

ADA = {"email": "ada@example.com", "phone": "+233501234567"}


@pytest.fixture
async def link(do):
    command = CreatePaymentLink(name="Summer Sale", amount=9900, currency="GHS")
    return await do(partial(create_payment_link, prefills=True), command)


@pytest.fixture
async def ada(do):
    return await do(create_customer, CreateCustomer(email="ada@example.com"))


@pytest.fixture
def begin(do, link):
    async def begin(name, **other):
        return await do(pay_through_link, link.id, PayThroughLink(**ADA, name=name), **other)

    return begin


@pytest.fixture
def confirm(do):
    async def confirm(payment, **other):
        async def decide(work):
            organization = await work.load_recent(Organization, work.org_id)
            return await confirm_intent(work, payment.id, client_secret(organization, payment.id))

        return await do(decide, **other)

    return confirm


@pytest.fixture
def profile(do, ada):
    async def profile():
        return (await do(lambda work: work.load_for_update(Customer, ada.id))).personal

    return profile


async def test_of_two_who_began_the_one_who_pays_is_believed(begin, confirm, profile):
    await begin("Somebody rude")
    hers = await begin("Ada Lovelace")

    await confirm(hers)

    assert await profile() == {**ADA, "name": "Ada Lovelace"}


async def test_what_was_entered_meanwhile_is_not_overwritten(do, ada, begin, confirm, profile):
    begun = await begin("Ada")
    await do(update_customer, ada.id, UpdateCustomer(name="Countess Lovelace"))

    await confirm(begun)

    assert await profile() == {**ADA, "name": "Countess Lovelace"}


async def test_a_payment_of_somebody_deleted_since_succeeds(do, ada, begin, confirm):
    begun = await begin("Ada")
    await do(delete_customer, ada.id)

    assert (await confirm(begun)).status == "succeeded"


async def test_whatever_makes_the_payment_succeed_proves_it(do, ada, begin, profile):  # noqa: ARG001 (known before)
    begun = await begin("Ada")

    await do(confirm_payment, begun.id, ConfirmPayment())

    assert (await profile())["name"] == "Ada"


async def test_another_process_knows_what_was_said(begin, confirm, profile, neighbour):
    begun = await begin("Ada")

    await confirm(begun, by=neighbour)

    assert (await profile())["name"] == "Ada"


async def test_many_who_begin_do_not_stand_in_each_others_way(ledger, book, ada, begin):
    await asyncio.gather(*(begin(f"Ada {number}") for number in range(20)))

    assert len(list(ledger.read_stream(book, ada.id))) == 1


async def test_of_many_successes_at_once_one_is_believed(
    ledger, book, ada, begin, confirm, profile, neighbour
):
    begun = [await begin(f"Ada {number}") for number in range(10)]

    await asyncio.gather(
        *(
            confirm(payment, **({"by": neighbour} if number % 2 else {}))
            for number, payment in enumerate(begun)
        )
    )

    assert (await profile())["name"] in {f"Ada {number}" for number in range(10)}
    assert len(list(ledger.read_stream(book, ada.id))) == 2
    assert len(ledger.owners(book, "phone", f"{ADA['phone']}\n")) == 1


async def test_whoever_pays_a_link_made_for_somebody_leaves_no_number_with_them(
    do, ada, confirm, profile
):
    command = CreatePaymentLink(name="A bill", amount=9900, currency="GHS", customer_id=ada.id)
    link = await do(partial(create_payment_link, prefills=True), command)

    for email in ("grace@example.com", None):
        said = PayThroughLink(email=email, phone="+233509999999", name="Grace Hopper")
        await confirm(await do(pay_through_link, link.id, said))

    assert await profile() == {"email": "ada@example.com", "phone": None, "name": None}


async def test_a_link_made_for_somebody_takes_the_number_beside_their_own_address(
    do, ada, confirm, profile
):
    command = CreatePaymentLink(name="A bill", amount=9900, currency="GHS", customer_id=ada.id)
    link = await do(partial(create_payment_link, prefills=True), command)

    said = PayThroughLink(email="ADA@example.com", phone=ADA["phone"])
    await confirm(await do(pay_through_link, link.id, said))

    assert await profile() == {**ADA, "name": None}


@pytest.mark.parametrize("amount", [9900, 4000], ids=["paid on confirmation", "paid at once"])
async def test_nobody_gets_the_number_that_somebody_else_has(do, ada, confirm, profile, amount):  # noqa: ARG001 (known before)
    ben = await do(create_customer, CreateCustomer(phone=ADA["phone"]))
    command = CreatePaymentLink(name="Summer Sale", amount=amount, currency="GHS")
    link = await do(partial(create_payment_link, prefills=True), command)

    await confirm(await do(pay_through_link, link.id, PayThroughLink(**ADA, name="Ada")))

    assert await profile() == {"email": "ada@example.com", "phone": None, "name": "Ada"}
    by_number = await do(pay_through_link, link.id, PayThroughLink(phone=ADA["phone"]))
    assert (await confirm(by_number)).customer_id == ben.id


async def test_nobody_gets_the_address_that_somebody_else_was_registered_with_meanwhile(
    do, link, confirm
):
    kofi = await do(create_customer, CreateCustomer(phone=ADA["phone"]))
    begun = await do(pay_through_link, link.id, PayThroughLink(**ADA))
    ada = await do(create_customer, CreateCustomer(email="Ada@Example.com"))

    await confirm(begun)

    assert (await do(lambda work: work.load_for_update(Customer, kofi.id))).personal[
        "email"
    ] is None
    by_address = await do(pay_through_link, link.id, PayThroughLink(email=ADA["email"]))
    assert (await confirm(by_address)).customer_id == ada.id


async def test_the_number_of_somebody_deleted_is_free(do, ada, begin, confirm, profile):  # noqa: ARG001 (known before)
    ben = await do(create_customer, CreateCustomer(phone=ADA["phone"]))
    await do(delete_customer, ben.id)

    await confirm(await begin("Ada"))

    assert (await profile())["phone"] == ADA["phone"]


async def test_of_many_who_say_one_number_at_once_one_gets_it(do, ledger, book, confirm, neighbour):
    begun, command = [], CreatePaymentLink(name="Sale", amount=9900, currency="GHS")
    for number in range(10):
        email = f"payer{number}@example.com"
        await do(create_customer, CreateCustomer(email=email))
        link = await do(partial(create_payment_link, prefills=True), command)
        said = PayThroughLink(email=email, phone=ADA["phone"])
        begun.append(await do(pay_through_link, link.id, said))

    await asyncio.gather(
        *(
            confirm(payment, **({"by": neighbour} if number % 2 else {}))
            for number, payment in enumerate(begun)
        )
    )

    assert len(ledger.owners(book, "phone", f"{ADA['phone']}\n")) == 1


@pytest.fixture
def read(ledger, monkeypatch):
    """The streams that are read from the ledger from here on."""
    streams, read_stream = [], ledger.read_stream

    def note(book, stream, **range_):
        streams.append(stream)
        return read_stream(book, stream, **range_)

    monkeypatch.setattr(ledger, "read_stream", note)
    return streams


async def test_what_nobody_said_is_not_looked_for(do, neighbour, read):
    asked = CreatePayment(amount=1000, currency="GHS")
    mine, theirs = await do(create_payment, asked), await do(create_payment, asked)

    await do(confirm_payment, mine.id, ConfirmPayment())
    assert not any(each.startswith("intro_") for each in read)

    confirmed = await do(confirm_payment, theirs.id, ConfirmPayment(), by=neighbour)
    await do(details_of, confirmed, by=neighbour)
    assert [each.partition("_")[0] for each in read] == ["pay", "intro"]
