"""Payers: whom a merchant means by ``customer_id``."""

import asyncio

import pytest

from commands.customers import (
    CreateCustomer,
    UpdateCustomer,
    create_customer,
    customer_known_as,
    delete_customer,
    update_customer,
)
from commands.payments import AmendPayment, CreatePayment, amend_payment, create_payment
from commands.typed_phones import PhoneNotPossible
from domain.customer import Customer, CustomerNotFound

pytestmark = pytest.mark.anyio


@pytest.fixture
def pay(do):
    async def pay(customer_id, **values):
        command = CreatePayment(amount=1000, currency="GHS", customer_id=customer_id, **values)
        return (await do(create_payment, command)).customer_id

    return pay


@pytest.fixture
def customer(do):
    async def customer(customer_id):
        return await do(lambda work: work.load_recent(Customer, customer_id))

    return customer


async def test_no_name_no_customer(pay):
    assert await pay(None) is None
    assert await pay("") is None


async def test_our_id_an_external_id_and_an_address_all_mean_the_same_customer(do, pay):
    ada = await do(create_customer, CreateCustomer(external_id="usr_1", email="Ada@Example.com"))

    assert await pay(ada.id) == ada.id
    assert await pay("usr_1") == ada.id
    assert await pay("ada@example.com") == ada.id
    assert await pay("ADA@EXAMPLE.COM") == ada.id


async def test_of_two_with_one_address_the_first_is_meant(do, pay):
    first = await do(create_customer, CreateCustomer(email="ada@example.com"))
    await do(create_customer, CreateCustomer(email="ada@example.com"))

    assert await pay("ada@example.com") == first.id


async def test_an_external_id_goes_before_an_address(do, pay):
    await do(create_customer, CreateCustomer(email="ada@example.com"))
    named = await do(create_customer, CreateCustomer(external_id="ada@example.com"))

    assert await pay("ada@example.com") == named.id


async def test_an_unknown_name_becomes_a_customer(pay, customer):
    by_name, by_address = await pay("usr_9"), await pay("kofi@example.com")

    assert (await customer(by_name)).external_id == "usr_9"
    assert (await customer(by_address)).external_id is None
    assert (await customer(by_address)).personal["email"] == "kofi@example.com"
    assert await pay("usr_9") == by_name
    assert await pay("kofi@example.com") == by_address


async def test_an_id_of_our_form_that_nobody_has_is_not_found(pay):
    for unknown in ("cus_" + "0" * 26, "cus_xyz123"):
        with pytest.raises(CustomerNotFound):
            await pay(unknown)


async def test_an_external_id_may_look_like_an_id_of_ours(do, pay):
    stripe = await do(create_customer, CreateCustomer(external_id="cus_NffrFeUfNV2Hib"))

    assert await pay("cus_NffrFeUfNV2Hib") == stripe.id


async def test_a_deleted_customer_pays_no_more(do, pay):
    ada = await do(create_customer, CreateCustomer(external_id="usr_1"))
    await do(delete_customer, ada.id)

    with pytest.raises(CustomerNotFound):
        await pay(ada.id)
    assert await pay("usr_1") != ada.id


async def test_a_customer_deleted_by_another_process_pays_no_more(do, pay, neighbour):
    ada = await do(create_customer, CreateCustomer(external_id="usr_1"))
    await pay(ada.id)
    await do(delete_customer, ada.id, by=neighbour)

    with pytest.raises(CustomerNotFound):
        await pay(ada.id)
    assert await pay("usr_1") != ada.id


async def test_no_payment_of_a_customer_is_recorded_after_their_deletion(
    do, ledger, book, neighbour
):
    ada = await do(create_customer, CreateCustomer())
    command = CreatePayment(amount=1000, currency="GHS", customer_id=ada.id)

    await asyncio.gather(
        *(do(create_payment, command) for _ in range(20)),
        do(delete_customer, ada.id, by=neighbour),
        *(do(create_payment, command, by=neighbour) for _ in range(20)),
        return_exceptions=True,
    )

    topics = [fact.topic for fact in ledger.read(book, after=2, limit=100)]
    assert "payment.created" not in topics[topics.index("customer.deleted") :]


async def test_a_payment_is_not_given_to_a_customer_deleted_by_another_process(do, pay, neighbour):
    ada = await do(create_customer, CreateCustomer())
    await pay(ada.id)
    payment = await do(create_payment, CreatePayment(amount=1000, currency="GHS"))
    await do(delete_customer, ada.id, by=neighbour)

    with pytest.raises(CustomerNotFound):
        await do(amend_payment, payment.id, AmendPayment(customer_id=ada.id))


@pytest.mark.parametrize("name", ["usr_1", "ada@example.com"])
async def test_simultaneous_first_payments_make_one_customer(do, handler, neighbour, name):
    command = CreatePayment(amount=1000, currency="GHS", customer_id=name)

    payments = await asyncio.gather(
        *(do(create_payment, command, by=by) for _ in range(25) for by in (handler, neighbour))
    )

    assert len({payment.customer_id for payment in payments}) == 1
    assert len({payment.id for payment in payments}) == 50


async def test_an_address_that_was_given_up_belongs_to_whoever_comes_next(do, pay):
    first = await pay("ada@example.com")
    await do(update_customer, first, UpdateCustomer(email="ada@new.example.com"))

    second = await pay("ada@example.com")

    assert second != first
    assert await pay("ada@new.example.com") == first


async def test_the_phone_of_a_payment_fills_a_gap_and_overwrites_nothing(do, pay, customer):
    known = await pay("usr_1", phone="0501234567")
    assert (await customer(known)).personal["phone"] == "+233501234567"

    await pay("usr_1", phone="+233209999999")
    assert (await customer(known)).personal["phone"] == "+233501234567"

    ada = await do(create_customer, CreateCustomer(external_id="usr_2"))
    await pay("usr_2", phone="+233209999999")
    assert (await customer(ada.id)).personal["phone"] == "+233209999999"


async def test_a_phone_that_is_none_is_refused(do, pay):
    with pytest.raises(PhoneNotPossible, match="for example"):
        await pay("usr_1", phone="call me")

    with pytest.raises(CustomerNotFound):
        await do(customer_known_as, "usr_1")


async def test_a_phone_that_nobody_can_place_is_not_the_customers(pay, customer):
    known = await pay("usr_1", phone="123 45 67", country="GH")

    assert (await customer(known)).personal["phone"] is None


async def test_an_automatic_customer_is_found_by_its_external_id(do, pay):
    paid_by = await pay("usr_1")

    assert await do(customer_known_as, "usr_1") == paid_by


async def test_a_name_is_the_same_however_it_is_written(do, pay, customer):
    ada = await do(create_customer, CreateCustomer(external_id="zo\u00e9 1"))
    ida = await do(create_customer, CreateCustomer(email="ZOE\u0301@example.com"))

    assert await pay("zoe\u0301 1") == ada.id
    assert await pay("\ufeffzo\u00e9\u200b 1 ") == ada.id
    assert await pay("zo\u00e9@example.com") == ida.id
    newcomer = await pay(" usr\u00e9_9\u200b")
    assert (await customer(newcomer)).external_id == "usr\u00e9_9"
    assert await pay("usre\u0301_9") == newcomer
