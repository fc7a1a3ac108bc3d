"""Late money and other amounts: what a provider took counts, whenever and however much it was."""

from functools import partial

import pytest
from pydantic import ValidationError

from commands.client_secrets import client_secret
from commands.link_payments import PayThroughLink, pay_through_link
from commands.payment_links import CreatePaymentLink, create_payment_link
from commands.payments import (
    CancelPayment,
    ConfirmPayment,
    CreatePayment,
    FailPayment,
    cancel_payment,
    confirm_intent,
    confirm_payment,
    create_payment,
    expire_payment,
    fail_payment,
    retry_payment,
)
from domain.errors import Refusal
from domain.money import LARGEST_AMOUNT
from domain.organization import Organization
from domain.payment_link import LinkExhausted
from domain.payment_refusals import AnotherCurrency, ConfirmationDiffers, GivenUp, WrongStatus

pytestmark = pytest.mark.anyio

MTN = {"provider": "mtn", "provider_ref_id": "mt_1"}
GIVE_UP = {
    "canceled": lambda id_: (cancel_payment, id_, CancelPayment()),
    "expired": lambda id_: (expire_payment, id_),
    "failed": lambda id_: (fail_payment, id_, FailPayment()),
}


@pytest.fixture(params=["live", "test"])
def mode(request, shop):
    return f"{shop.org_id}/{request.param}"


@pytest.fixture
def given_up(do, mode):
    async def given_up(status, **asked):
        command = CreatePayment.model_validate({"amount": 1000, "currency": "GHS"} | asked)
        payment = await do(create_payment, command, book=mode)
        return await do(*GIVE_UP[status](payment.id), book=mode)

    return given_up


@pytest.mark.parametrize("status", GIVE_UP)
async def test_what_was_given_up_succeeds_by_the_reference_of_its_money(do, given_up, mode, status):
    payment = await given_up(status)
    assert payment.status == status

    confirmed = await do(confirm_payment, payment.id, ConfirmPayment(**MTN), book=mode)
    again = await do(confirm_payment, payment.id, ConfirmPayment(**MTN), book=mode)

    assert (confirmed.status, confirmed.captured_amount) == ("succeeded", 1000)
    assert (confirmed.provider, confirmed.provider_ref_id) == ("mtn", "mt_1")
    assert again.version == confirmed.version


@pytest.mark.parametrize("status", GIVE_UP)
async def test_without_a_reference_it_stays_given_up_and_says_how(do, given_up, mode, status):
    payment = await given_up(status)

    with pytest.raises(GivenUp, match=f"is {status}: .* with its provider_ref_id"):
        await do(confirm_payment, payment.id, ConfirmPayment(), book=mode)


@pytest.mark.parametrize("status", GIVE_UP)
async def test_a_payer_never_says_that_money_came_late(do, handler, given_up, shop, mode, status):
    payment = await given_up(status)
    organization = await handler.load_recent(Organization, mode, shop.org_id)
    secret = client_secret(organization, payment.id)

    try:
        told = await do(confirm_intent, payment.id, secret, book=mode)
    except WrongStatus:
        return

    assert told.status == status


async def test_what_the_simulator_declines_may_have_been_paid_elsewhere(do):
    payment = await do(create_payment, CreatePayment(amount=4001, currency="GHS"))
    assert payment.status == "failed"

    assert (await do(confirm_payment, payment.id, ConfirmPayment(**MTN))).status == "succeeded"


async def test_what_was_paid_late_is_not_tried_again(do, given_up, mode):
    payment = await given_up("failed")
    await do(confirm_payment, payment.id, ConfirmPayment(**MTN), book=mode)

    with pytest.raises(WrongStatus):
        await do(retry_payment, payment.id, book=mode)


async def test_late_money_uses_the_link_it_came_through(do):
    terms = CreatePaymentLink(name="Sale", amount=1000, currency="GHS", max_uses=1)
    link = await do(partial(create_payment_link, prefills=True), terms)
    payment = await do(pay_through_link, link.id, PayThroughLink())
    await do(expire_payment, payment.id)

    await do(confirm_payment, payment.id, ConfirmPayment(**MTN))

    with pytest.raises(LinkExhausted):
        await do(pay_through_link, link.id, PayThroughLink())


async def test_another_amount_is_what_was_paid(do, mode):
    payment = await do(create_payment, CreatePayment(amount=1000, currency="GHS"), book=mode)

    said = ConfirmPayment(amount=950, currency="ghs", **MTN)
    confirmed = await do(confirm_payment, payment.id, said, book=mode)
    again = await do(confirm_payment, payment.id, said, book=mode)

    assert (confirmed.amount, confirmed.captured_amount) == (1000, 950)
    assert again.version == confirmed.version


@pytest.mark.parametrize("more", [{}, MTN])
async def test_a_payment_that_was_paid_was_paid_with_one_amount(do, mode, more):
    payment = await do(create_payment, CreatePayment(amount=1000, currency="GHS"), book=mode)
    await do(confirm_payment, payment.id, ConfirmPayment(amount=950, **more), book=mode)

    with pytest.raises(ConfirmationDiffers, match=r"with 9\.50 GHS, not 10\.00 GHS"):
        await do(confirm_payment, payment.id, ConfirmPayment(amount=1000, **more), book=mode)


async def test_what_is_asked_in_one_currency_is_not_paid_in_another(do, mode):
    payment = await do(create_payment, CreatePayment(amount=1000, currency="GHS"), book=mode)

    with pytest.raises(AnotherCurrency) as refusal:
        await do(confirm_payment, payment.id, ConfirmPayment(currency="USD"), book=mode)

    assert refusal.value.code == "invalid_currency"


@pytest.mark.parametrize("amount", [0, -1, 9.5, "950", LARGEST_AMOUNT + 1])
async def test_an_amount_is_one(amount):
    with pytest.raises(ValidationError):
        ConfirmPayment(amount=amount)


async def test_a_reference_of_another_payment_brings_no_late_money(do, given_up, mode):
    await do(confirm_payment, (await given_up("failed")).id, ConfirmPayment(**MTN), book=mode)
    payment = await given_up("expired")

    with pytest.raises(Refusal) as refusal:
        await do(confirm_payment, payment.id, ConfirmPayment(**MTN), book=mode)

    assert refusal.value.code == "provider_reference_taken"
