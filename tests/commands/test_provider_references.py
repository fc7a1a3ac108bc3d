"""Provider references: what a provider says twice happened once."""

import asyncio

import pytest
from pydantic import ValidationError

from commands.payments import (
    CancelPayment,
    ConfirmPayment,
    CreatePayment,
    cancel_payment,
    confirm_payment,
    create_payment,
)
from commands.refunds import RefundPayment, refund_payment
from domain.errors import Refusal
from domain.payment_refusals import ProviderReferenceTaken, RefundDiffers
from ledger.append import Append, Claim

pytestmark = pytest.mark.anyio

MTN = {"provider": "mtn", "provider_ref_id": "mt_1"}


@pytest.fixture
def paid(do, live):
    """A payment the merchant recorded in live mode."""

    async def paid(**said):
        payment = await do(create_payment, CreatePayment(amount=1000, currency="GHS"), book=live)
        return await do(confirm_payment, payment.id, ConfirmPayment(**said), book=live)

    return paid


async def test_a_reference_stands_for_one_payment(paid):
    first = await paid(**MTN)

    with pytest.raises(ProviderReferenceTaken, match=f"stands for payment {first.id}") as refusal:
        await paid(**MTN)

    assert refusal.value.code == "provider_reference_taken"
    assert refusal.value.details["payment_id"] == first.id


@pytest.mark.parametrize("typed", [" mt_1", "mt_1\n", "\u200bmt_1"])
async def test_a_reference_is_the_same_however_it_was_pasted(paid, typed):
    first = await paid(**MTN)

    with pytest.raises(ProviderReferenceTaken) as refusal:
        await paid(provider=" mtn ", provider_ref_id=typed)

    assert refusal.value.details == {"reference": "mt_1", "payment_id": first.id}


async def test_a_name_of_two_lines_is_none():
    with pytest.raises(ValidationError, match="more than one line"):
        ConfirmPayment(provider="mtn\nmt_1")


@pytest.mark.parametrize(
    "said",
    [{"provider": "vodafone", "provider_ref_id": "mt_1"}, {"provider_ref_id": "mt_1"}, {}],
    ids=["another provider", "no provider", "no reference"],
)
async def test_the_same_word_of_another_provider_is_another_reference(paid, said):
    await paid(**MTN)

    assert (await paid(**said)).status == "succeeded"


async def test_a_reference_without_a_provider_stands_for_one_payment_too(paid):
    await paid(provider_ref_id="bank-7")

    with pytest.raises(ProviderReferenceTaken):
        await paid(provider_ref_id="bank-7")


async def test_a_reference_that_is_free_in_one_mode_is_free_though_the_other_has_it(do, paid, book):
    await paid(**MTN)
    payment = await do(create_payment, CreatePayment(amount=1000, currency="GHS"), book=book)

    await do(confirm_payment, payment.id, ConfirmPayment(**MTN), book=book)


async def test_confirming_again_with_the_reference_changes_nothing(do, paid, ledger, live):
    payment = await paid(**MTN)
    await do(refund_payment, payment.id, RefundPayment(amount=300), book=live)
    head = ledger.head(live)

    again = await do(confirm_payment, payment.id, ConfirmPayment(**MTN), book=live)

    assert (again.status, again.captured_amount) == ("partially_refunded", 1000)
    assert ledger.head(live) == head


async def test_a_reference_named_later_stands_for_the_payment_from_then_on(do, paid, live):
    payment = await paid()

    await do(confirm_payment, payment.id, ConfirmPayment(**MTN), book=live)

    with pytest.raises(ProviderReferenceTaken) as refusal:
        await paid(**MTN)
    assert refusal.value.details["payment_id"] == payment.id


async def test_a_confirmed_payment_does_not_take_the_reference_of_another(do, paid, live):
    first = await paid(**MTN)
    second = await paid(provider="mtn", provider_ref_id="mt_2")

    with pytest.raises(ProviderReferenceTaken) as refusal:
        await do(confirm_payment, second.id, ConfirmPayment(**MTN), book=live)
    assert refusal.value.details["payment_id"] == first.id


async def test_a_payment_that_was_given_up_keeps_its_reference(do, paid, live):
    asked = CreatePayment(amount=1000, currency="GHS", capture_method="manual")
    payment = await do(create_payment, asked, book=live)
    await do(confirm_payment, payment.id, ConfirmPayment(**MTN), book=live)
    await do(cancel_payment, payment.id, CancelPayment(), book=live)

    with pytest.raises(ProviderReferenceTaken):
        await paid(**MTN)


async def test_the_references_of_the_simulator_stand_for_its_payments(do):
    first = await do(create_payment, CreatePayment(amount=4000, currency="GHS"))
    second = await do(create_payment, CreatePayment(amount=1000, currency="GHS"))

    stated = ConfirmPayment(provider_ref_id=first.provider_ref_id)
    with pytest.raises(ProviderReferenceTaken) as refusal:
        await do(confirm_payment, second.id, stated)
    assert refusal.value.details["payment_id"] == first.id

    nobodys = ConfirmPayment(provider_ref_id="sim_of_nobody")
    assert (await do(confirm_payment, second.id, nobodys)).status == "succeeded"


async def test_of_two_that_are_confirmed_at_once_with_one_reference_one_is(
    do, handler, neighbour, live
):
    asked = CreatePayment(amount=1000, currency="GHS")
    payments = [await do(create_payment, asked, book=live) for _ in range(8)]

    answers = await asyncio.gather(
        *(
            do(confirm_payment, each.id, ConfirmPayment(**MTN), by=by, book=live)
            for each, by in zip(payments, [handler, neighbour] * 4, strict=True)
        ),
        return_exceptions=True,
    )

    won = [each for each in answers if not isinstance(each, Refusal)]
    lost = [each for each in answers if isinstance(each, Refusal)]
    assert [each.status for each in won] == ["succeeded"]
    assert len(lost) == 7
    assert {each.code for each in lost} == {"provider_reference_taken"}
    assert {each.details["payment_id"] for each in lost} == {won[0].id}


async def test_the_same_refund_is_the_same_refund(do, paid, ledger, live):
    payment = await paid(**MTN)
    said = RefundPayment(amount=300, reason="too small", provider_refund_id="re_1")
    _, first = await do(refund_payment, payment.id, said, book=live)
    head = ledger.head(live)

    again, second = await do(refund_payment, payment.id, said, book=live)
    unsaid = RefundPayment(provider_refund_id="re_1", reason="another reason")
    _, third = await do(refund_payment, payment.id, unsaid, book=live)

    assert first == second == third
    assert (again.refunded_amount, ledger.head(live)) == (300, head)


async def test_a_refund_of_all_is_known_again_when_nothing_is_left(do, paid, live):
    payment = await paid(**MTN)
    said = RefundPayment(provider_refund_id="re_1")
    _, first = await do(refund_payment, payment.id, said, book=live)

    again, second = await do(refund_payment, payment.id, said, book=live)

    assert (again.status, second) == ("refunded", first)


async def test_a_refund_is_the_same_however_its_name_was_pasted(do, paid, live):
    payment = await paid(**MTN)
    named = [RefundPayment(amount=300, provider_refund_id=each) for each in ("re_1", "re_1\n")]

    told = [(await do(refund_payment, payment.id, said, book=live))[1] for said in named]

    assert told[0] == told[1]


async def test_one_refund_has_one_amount(do, paid, live):
    payment = await paid(**MTN)
    said = {"provider_refund_id": "re_1"}
    _, first = await do(refund_payment, payment.id, RefundPayment(amount=300, **said), book=live)

    with pytest.raises(RefundDiffers, match=r"recorded with 3\.00 GHS, not 4\.00 GHS") as refusal:
        await do(refund_payment, payment.id, RefundPayment(amount=400, **said), book=live)
    assert refusal.value.details["refund_id"] == first


async def test_a_refund_is_of_one_payment(do, paid, live):
    said = RefundPayment(amount=300, provider_refund_id="re_1")
    first, second = await paid(provider="mtn"), await paid(provider="mtn")
    elsewhere = await paid(provider="vodafone")
    await do(refund_payment, first.id, said, book=live)

    with pytest.raises(ProviderReferenceTaken) as refusal:
        await do(refund_payment, second.id, said, book=live)
    assert refusal.value.details["payment_id"] == first.id
    await do(refund_payment, elsewhere.id, said, book=live)


async def test_a_name_that_stood_twice_before_it_was_claimed_is_known_to_both(
    do, paid, ledger, live
):
    first, second = await paid(provider="mtn"), await paid(provider="mtn")
    said = RefundPayment(amount=300, provider_refund_id="re_1")
    _, of_second = await do(refund_payment, second.id, said, book=live)
    claimed = Claim("provider_refund", "mtn\nre_1", second.id)
    ledger.append(Append(live, releases=(claimed,)))
    await do(refund_payment, first.id, said, book=live)

    _, again = await do(refund_payment, second.id, said, book=live)

    assert again == of_second


async def test_of_one_refund_told_many_times_at_once_one_is_given(
    do, paid, handler, neighbour, live
):
    payment = await paid(**MTN)
    said = RefundPayment(amount=300, provider_refund_id="re_1")

    answers = await asyncio.gather(
        *(do(refund_payment, payment.id, said, by=by, book=live) for by in [handler, neighbour] * 4)
    )

    assert len({refund_id for _, refund_id in answers}) == 1
    again, _ = await do(refund_payment, payment.id, said, book=live)
    assert again.refunded_amount == 300
