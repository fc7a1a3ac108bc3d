"""Visitors: what they say makes nobody a customer, and changes none, until they have paid."""

import asyncio
from functools import partial

import pytest

from commands.customers import CreateCustomer, UpdateCustomer, create_customer, update_customer
from commands.link_payments import PayThroughLink, pay_through_link
from commands.organizations import UpdateOrganization, update_organization
from commands.payment_links import CreatePaymentLink, create_payment_link
from commands.payments import (
    AmendPayment,
    CancelPayment,
    CapturePayment,
    ConfirmPayment,
    CreatePayment,
    FailPayment,
    amend_payment,
    cancel_payment,
    capture_payment,
    confirm_payment,
    create_payment,
    expire_payment,
    fail_payment,
    retry_payment,
)
from commands.typed_phones import PhoneNotPossible
from domain.customer import Customer
from domain.payer_details import PayerDetails

pytestmark = pytest.mark.anyio

GRACE = "+233209999999"


@pytest.fixture
def do(handler, live):
    """In live mode, where only the merchant says that somebody has paid."""

    async def do(command, *values, by=handler):
        return await by.perform(live, lambda work: command(work, *values))

    return do


@pytest.fixture
def begin(do):
    """Somebody opens a page of the given currency and says who they are."""

    async def begin(currency="GHS", terms=(), **said):
        asked = CreatePaymentLink(name="Sale", amount=9900, currency=currency, **dict(terms))
        link = await do(partial(create_payment_link, prefills=True), asked)
        return await do(pay_through_link, link.id, PayThroughLink(**said))

    return begin


@pytest.fixture
def checkout(do):
    """A page of the merchant's own begins a payment with its checkout key."""

    async def checkout(customer_id=None, **values):
        values = {"amount": 9900, "currency": "GHS"} | values
        command = CreatePayment(customer_id=customer_id, **values)
        return await do(partial(create_payment, by_visitor=True), command)

    return checkout


@pytest.fixture
def paid(do):
    async def paid(payment, **other):
        return await do(confirm_payment, payment.id, ConfirmPayment(), **other)

    return paid


@pytest.fixture
def profile(do):
    async def profile(customer_id):
        return (await do(lambda work: work.load_recent(Customer, customer_id))).personal

    return profile


@pytest.fixture
def topics(ledger, live):
    """What was recorded of customers."""

    def topics():
        facts = ledger.read(live, after=0, limit=1000)
        return [fact.topic for fact in facts if fact.topic.startswith("customer.")]

    return topics


async def test_whoever_has_not_paid_is_no_customer(begin, checkout, topics):
    begun = await begin(email="ada@example.com", phone="0501234567", name="Ada")
    asked = await checkout("grace@example.com", phone="0501234567")
    unknown = await checkout("usr_9")

    assert [payment.customer_id for payment in (begun, asked, unknown)] == [None] * 3
    assert topics() == []


async def test_whoever_has_paid_is_one(begin, checkout, paid, profile, topics):
    begun = await paid(await begin(email="ada@example.com", phone="0501234567", name="Ada"))
    again = await paid(await begin(phone="+233 050 123 4567"))
    asked = await paid(await checkout("ADA@example.com"))

    assert begun.customer_id == again.customer_id == asked.customer_id
    assert await profile(begun.customer_id) == {
        "email": "ada@example.com",
        "phone": "+233501234567",
        "name": "Ada",
    }
    assert topics() == ["customer.registered"]


async def test_a_visit_that_is_not_paid_takes_nobodys_number(begin, paid, profile):
    """The number of somebody else does not make their payments the visitor's."""
    await begin(email="rude@example.com", phone=GRACE)

    hers = await paid(await begin(phone=GRACE))

    assert await profile(hers.customer_id) == {"email": None, "phone": GRACE, "name": None}


async def test_a_name_sticks_when_it_is_paid_for_and_there_was_none(do, begin, paid, profile):
    grace = await do(create_customer, CreateCustomer(email="grace@example.com"))
    await begin(email="grace@example.com", name="A rude word")
    assert (await profile(grace.id))["name"] is None

    await paid(await begin(email="grace@example.com", name="Grace Hopper"))
    await paid(await begin(email="grace@example.com", name="Somebody else"))

    assert (await profile(grace.id))["name"] == "Grace Hopper"


async def test_a_payment_that_failed_leaves_no_trace(do, begin, topics):
    for give_up in (
        partial(cancel_payment, command=CancelPayment()),
        partial(fail_payment, command=FailPayment()),
        expire_payment,
    ):
        begun = await begin(email="ada@example.com", name="Ada")
        assert (await do(give_up, begun.id)).customer_id is None

    assert topics() == []


async def by_confirmation(do, begun):
    return await do(confirm_payment, begun.id, ConfirmPayment())


async def by_another_try(do, begun):
    await do(fail_payment, begun.id, FailPayment())
    await do(retry_payment, begun.id)
    return await by_confirmation(do, begun)


async def by_capture(do, begun):
    await by_confirmation(do, begun)
    return await do(capture_payment, begun.id, CapturePayment())


async def by_a_part_and_no_more(do, begun):
    await by_confirmation(do, begun)
    await do(capture_payment, begun.id, CapturePayment(amount=100))
    return await do(cancel_payment, begun.id, CancelPayment())


async def late(do, begun):
    await do(expire_payment, begun.id)
    command = ConfirmPayment(provider="hubtel", provider_ref_id=f"ht_{begun.id}")
    return await do(confirm_payment, begun.id, command)


@pytest.mark.parametrize(
    ("succeed", "capture"),
    [
        (late, "automatic"),
        (by_confirmation, "automatic"),
        (by_another_try, "automatic"),
        (by_capture, "manual"),
        (by_a_part_and_no_more, "manual"),
    ],
)
async def test_whatever_makes_it_succeed_makes_a_customer(do, checkout, profile, succeed, capture):
    begun = await checkout("ada@example.com", capture_method=capture)

    done = await succeed(do, begun)

    assert done.status == "succeeded"
    assert (await profile(done.customer_id))["email"] == "ada@example.com"


async def test_whoever_says_nothing_is_nobody(begin, checkout, paid, topics):
    for payment in (await begin(), await checkout(), await checkout("usr_9")):
        assert (await paid(payment)).customer_id is None

    assert topics() == []


async def test_the_merchant_has_said_whose_it_is_meanwhile(do, begin, paid, profile):
    grace = await do(create_customer, CreateCustomer(external_id="usr_1"))
    begun = await begin(email="ada@example.com", name="Ada")

    await do(amend_payment, begun.id, AmendPayment(customer_id="usr_1"))
    done = await paid(begun)

    assert done.customer_id == grace.id
    assert (await profile(grace.id))["name"] == "Ada"


async def test_a_checkout_key_names_who_is_known_and_makes_nobody_known(
    do, checkout, paid, profile, topics
):
    grace = await do(create_customer, CreateCustomer(external_id="usr_1"))

    by_her_id, by_ours = await checkout("usr_1", phone=GRACE), await checkout(grace.id)
    unknown = [await checkout(name) for name in ("usr_2", "cus_" + "0" * 26, "cus_xyz")]

    assert by_her_id.customer_id == by_ours.customer_id == grace.id
    assert [payment.customer_id for payment in unknown] == [None] * 3
    assert (await profile(grace.id))["phone"] is None
    await paid(by_her_id)
    assert (await profile(grace.id))["phone"] == GRACE
    # The name is still the merchant's to give.
    await do(create_customer, CreateCustomer(external_id="usr_2"))
    assert topics() == ["customer.registered", "customer.updated", "customer.registered"]


async def test_simultaneous_first_successes_make_one_customer(handler, neighbour, begin, paid):
    begun = [await begin(email="ada@example.com", phone="0501234567") for _ in range(6)]
    begun += [await begin(phone="0501234567", name=f"Ada {number}") for number in range(4)]

    done = await asyncio.gather(
        *(paid(payment, by=(handler, neighbour)[at % 2]) for at, payment in enumerate(begun))
    )

    assert len({payment.customer_id for payment in done}) == 1


async def test_a_number_is_of_the_country_its_payer_states(begin, paid, profile):
    paris = await paid(await begin("EUR", phone="06 12 34 56 78", country="FR"))
    madrid = await paid(await begin("EUR", phone="612 345 678", country="ES"))

    assert paris.customer_id != madrid.customer_id
    assert (await profile(paris.customer_id))["phone"] == "+33612345678"
    assert (await profile(madrid.customer_id))["phone"] == "+34612345678"
    assert (paris.country, madrid.country) == ("FR", "ES")


async def test_a_currency_of_many_countries_places_no_number(do, begin, paid, profile):
    abidjan = await do(create_customer, CreateCustomer(phone="+2250197123456"))

    somewhere = await paid(await begin("XOF", phone="01 97 12 34 56"))
    benin = await paid(await begin("XOF", phone="01 97 12 34 56", country="BJ"))
    hers = await paid(await begin("XOF", phone="01 97 12 34 56", country="CI"))

    assert somewhere.customer_id is None
    assert (await profile(benin.customer_id))["phone"] == "+2290197123456"
    assert hers.customer_id == abidjan.id


async def test_a_number_is_of_the_links_country_then_of_the_organizations(do, begin, paid, profile):
    await do(update_organization, UpdateOrganization(country="BJ"))

    of_the_link = await paid(await begin("XOF", {"country": "CI"}, phone="01 97 12 34 56"))
    of_the_house = await paid(await begin("XOF", phone="01 97 12 34 56"))
    said = await paid(await begin("XOF", {"country": "CI"}, phone="612345678", country="ES"))

    phones = [(await profile(each.customer_id))["phone"] for each in (of_the_link, of_the_house)]
    assert phones == ["+2250197123456", "+2290197123456"]
    assert (await profile(said.customer_id))["phone"] == "+34612345678"
    assert [each.country for each in (of_the_link, of_the_house, said)] == ["CI", "BJ", "ES"]


async def test_a_number_of_before_its_country_changed_identifies_nobody(begin, paid, profile):
    first, second = [await paid(await begin("XOF", phone="+22997123456")) for _ in range(2)]

    assert first.customer_id != second.customer_id
    assert (await profile(second.customer_id))["phone"] == "+22997123456"


async def test_a_number_nobody_can_place_stays_with_the_payment(do, begin, paid, profile):
    begun = await begin("EUR", phone="06 12 34 56 78", email="ada@example.com")
    done = await paid(begun)

    kept = await do(lambda work: work.load_recent(PayerDetails, PayerDetails.id_for(begun.id)))
    assert kept.personal["phone"] == "06 12 34 56 78"
    assert (await profile(done.customer_id))["phone"] is None


@pytest.mark.parametrize("typed", ["call me", "12", "+233 20", "1" * 30])
async def test_a_number_nobody_can_have_is_refused(begin, checkout, typed):
    with pytest.raises(PhoneNotPossible, match="for example") as refused:
        await begin(phone=typed, email="ada@example.com")
    with pytest.raises(PhoneNotPossible):
        await checkout("ada@example.com", phone=typed)

    assert refused.value.details["field"] == "phone"


async def test_what_the_merchant_entered_is_not_overwritten(do, begin, paid, profile):
    begun = await begin(email="ada@example.com", phone=GRACE, name="Ada")
    ada = await do(create_customer, CreateCustomer(email="ada@example.com"))
    await do(update_customer, ada.id, UpdateCustomer(name="Countess", phone="+233501234567"))

    done = await paid(begun)

    assert done.customer_id == ada.id
    assert await profile(ada.id) == {
        "email": "ada@example.com",
        "phone": "+233501234567",
        "name": "Countess",
    }
