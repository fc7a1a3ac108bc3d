"""Payment commands, in test mode and in live mode."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from commands.client_secrets import InvalidClientSecret, book_of, client_secret
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
    confirm_intent,
    confirm_payment,
    create_payment,
    expire_payment,
    fail_payment,
    retry_payment,
)
from commands.refunds import (
    OpenDispute,
    RefundPayment,
    ResolveDispute,
    open_dispute,
    refund_payment,
    resolve_dispute,
)
from commands.verdicts import InTheFuture
from domain.organization import Organization
from domain.payment_refusals import AlreadyAttached, PaymentNotFound, WrongStatus

pytestmark = pytest.mark.anyio

PAST = datetime(2024, 1, 1, tzinfo=UTC)


def intent(**values):
    return CreatePayment.model_validate({"amount": 1000, "currency": "GHS"} | values)


@pytest.mark.parametrize(
    ("amount", "method", "status", "failure"),
    [
        (4000, "card", "succeeded", None),
        (4001, "card", "failed", "card_declined"),
        (4002, "card", "failed", "insufficient_funds"),
        (4003, "card", "failed", "provider_timeout"),
        (4004, "card", "failed", "provider_unavailable"),
        (4005, "card", "requires_action", None),
        (4006, "mobile_money", "processing", None),
        (4006, "card", "pending", None),
        (1000, "card", "pending", None),
    ],
)
async def test_the_simulator_answers_by_the_amount(do, amount, method, status, failure):
    payment = await do(create_payment, intent(amount=amount, method=method))

    assert (payment.status, payment.failure_code) == (status, failure)
    assert payment.provider == "simulator"


@pytest.mark.parametrize(
    "values", [{}, {"amount": 4005}, {"amount": 4006, "method": "momo"}], ids=str
)
async def test_in_test_mode_confirming_succeeds(do, values):
    payment = await do(create_payment, intent(**values))

    confirmed = await do(confirm_payment, payment.id, ConfirmPayment())

    assert confirmed.status == "succeeded"
    assert confirmed.provider_ref_id.startswith("sim_")


async def test_confirming_twice_is_confirming_once(do, ledger, book):
    payment = await do(create_payment, intent(amount=4000))
    head = ledger.head(book)

    again = await do(confirm_payment, payment.id, ConfirmPayment())

    assert again.status == "succeeded"
    assert ledger.head(book) == head


@pytest.mark.parametrize(
    ("amount", "status"),
    [(4001, "failed"), (4002, "failed"), (4003, "succeeded"), (4004, "succeeded")],
)
async def test_trying_again_helps_when_the_reason_has_passed(do, amount, status):
    payment = await do(create_payment, intent(amount=amount))

    assert (await do(retry_payment, payment.id)).status == status


async def test_a_payment_the_merchant_failed_is_pending_when_tried_again(do):
    payment = await do(create_payment, intent())
    await do(fail_payment, payment.id, FailPayment(code="expired_card"))

    assert (await do(retry_payment, payment.id)).status == "pending"


async def test_in_live_mode_the_merchant_says_what_happened(do, live):
    asked = intent(amount=4000, occurred_at=PAST)
    payment = await do(create_payment, asked, book=live)
    assert (payment.status, payment.provider) == ("pending", None)

    confirmed = await do(
        confirm_payment,
        payment.id,
        ConfirmPayment(provider="paystack", provider_ref_id="ps_1", occurred_at=PAST),
        book=live,
    )

    assert confirmed.status == "succeeded"
    assert (confirmed.provider, confirmed.provider_ref_id) == ("paystack", "ps_1")
    assert confirmed.succeeded_at == PAST


async def test_in_live_mode_a_retry_waits_for_the_merchant(do, live):
    payment = await do(create_payment, intent(), book=live)
    failed = await do(fail_payment, payment.id, FailPayment(), book=live)
    assert (failed.status, failed.failure_code) == ("failed", "payment_failed")

    assert (await do(retry_payment, payment.id, book=live)).status == "pending"


@pytest.mark.parametrize(("mode", "status"), [("test", "succeeded"), ("live", "pending")])
async def test_a_payer_confirms_in_test_mode_only(do, handler, shop, mode, status):
    book = f"{shop.org_id}/{mode}"
    payment = await do(create_payment, intent(), book=book)
    organization = await handler.load_recent(Organization, book, shop.org_id)
    secret = client_secret(organization, payment.id)

    confirmed = await do(confirm_intent, payment.id, secret, book=book_of(secret))

    assert book_of(secret) == book
    assert confirmed.status == status


async def test_a_client_secret_opens_one_payment_and_no_other(do, handler, shop, book):
    payment = await do(create_payment, intent())
    organization = await handler.load_recent(Organization, book, shop.org_id)
    of_another = client_secret(organization, (await do(create_payment, intent())).id)
    right = client_secret(organization, payment.id)
    changed = right[:-1] + ("0" if right[-1] != "0" else "1")

    for secret in (of_another, changed, "", "é"):
        with pytest.raises(InvalidClientSecret):
            await do(confirm_intent, payment.id, secret)


@pytest.mark.parametrize("secret", ["", "pay_1_secret_x", "a" * 200])
async def test_what_is_no_client_secret_names_no_book(secret):
    with pytest.raises(InvalidClientSecret):
        book_of(secret)


async def test_a_client_secret_of_an_organization_nobody_founded_opens_nothing(do):
    book = f"org_{'0' * 26}/test"

    with pytest.raises(InvalidClientSecret):
        await do(confirm_intent, "pay_" + "0" * 26, "whatever", book=book)


async def test_manual_capture_sets_aside_and_then_takes(do):
    payment = await do(create_payment, intent(amount=4000, capture_method="manual"))
    assert (payment.status, payment.captured_amount) == ("authorized", 0)

    part = await do(capture_payment, payment.id, CapturePayment(amount=1500))
    assert (part.status, part.captured_amount) == ("partially_captured", 1500)

    rest = await do(capture_payment, payment.id, CapturePayment())
    assert (rest.status, rest.captured_amount) == ("succeeded", 4000)


async def test_canceling_what_was_partly_captured_keeps_what_was_taken(do):
    payment = await do(create_payment, intent(amount=4000, capture_method="manual"))
    await do(capture_payment, payment.id, CapturePayment(amount=1500))

    canceled = await do(cancel_payment, payment.id, CancelPayment(reason="sold out"))

    assert (canceled.status, canceled.captured_amount) == ("succeeded", 1500)
    refunded, _ = await do(refund_payment, payment.id, RefundPayment())
    assert (refunded.status, refunded.refunds[0]["amount"]) == ("refunded", 1500)


@pytest.mark.parametrize("body", [{}, [], {"amount": 0}, {"amount": None}])
async def test_a_refund_of_nothing_in_particular_is_a_refund_of_all(do, body):
    payment = await do(create_payment, intent(amount=4000))

    refunded, refund_id = await do(refund_payment, payment.id, RefundPayment.model_validate(body))

    assert refunded.status == "refunded"
    assert refunded.refunds[0]["id"] == refund_id
    assert refunded.refunds[0]["amount"] == 4000


async def test_a_lost_dispute_takes_the_money_and_a_won_one_does_not(do):
    payment = await do(create_payment, intent(amount=4000, occurred_at=PAST))

    await do(open_dispute, payment.id, OpenDispute(amount=1000, occurred_at=PAST))
    won = await do(resolve_dispute, payment.id, ResolveDispute(outcome="won"))
    assert (won.status, won.left) == ("succeeded", 4000)

    await do(open_dispute, payment.id, OpenDispute(amount=1000, occurred_at=PAST))
    lost = await do(resolve_dispute, payment.id, ResolveDispute(outcome="lost", occurred_at=PAST))
    assert (lost.status, lost.left) == ("partially_refunded", 3000)


async def test_a_payment_is_canceled_or_expires(do):
    canceled = await do(create_payment, intent())
    expired = await do(create_payment, intent())

    assert (await do(cancel_payment, canceled.id, CancelPayment())).status == "canceled"
    assert (await do(expire_payment, expired.id)).status == "expired"
    with pytest.raises(WrongStatus):
        await do(confirm_payment, expired.id, ConfirmPayment())


async def test_an_amount_is_changed_before_and_not_after(do):
    payment = await do(create_payment, intent())
    amended = await do(amend_payment, payment.id, AmendPayment(amount=2000, metadata={"a": 1}))
    assert (amended.amount, amended.metadata) == (2000, {"a": 1})

    await do(confirm_payment, payment.id, ConfirmPayment())

    with pytest.raises(WrongStatus):
        await do(amend_payment, payment.id, AmendPayment(amount=3000))


async def test_a_customer_is_attached_at_any_time_but_once(do):
    payment = await do(create_payment, intent(amount=4000))

    attached = await do(amend_payment, payment.id, AmendPayment(customer_id="usr_1"))
    again = await do(amend_payment, payment.id, AmendPayment(customer_id="usr_1"))

    assert attached.customer_id.startswith("cus_")
    assert again.customer_id == attached.customer_id
    with pytest.raises(AlreadyAttached):
        await do(amend_payment, payment.id, AmendPayment(customer_id="usr_2"))


@pytest.mark.parametrize("body", [{}, [], {"amount": None}, {"unknown": 1}])
async def test_an_amendment_says_something(body):
    with pytest.raises(ValidationError, match="nothing to change"):
        AmendPayment.model_validate(body)


async def test_nulls_in_the_body_of_an_action_say_nothing(do):
    payment = await do(create_payment, intent())
    body = {"code": None, "message": "", "occurred_at": None}

    failed = await do(fail_payment, payment.id, FailPayment.model_validate(body))

    assert failed.failure_code == "payment_failed"


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("momo", "mobile_money"),
        ("mpesa", "mobile_money"),
        ("bank", "bank_transfer"),
        ("Apple_Pay", "card"),
        ("google-pay", "card"),
        ("ussd", "ussd"),
        ("", "card"),
        (None, "card"),
    ],
)
async def test_a_method_goes_by_many_names(stated, kept):
    assert intent(method=stated).method == kept


async def test_the_country_follows_the_currency_unless_it_is_stated(do):
    assert (await do(create_payment, intent(country=""))).country == "GH"
    assert (await do(create_payment, intent(country="ng"))).country == "NG"
    assert (await do(create_payment, intent(currency="jpy"))).country is None


@pytest.mark.parametrize(
    "body",
    [
        {"amount": 0},
        {"amount": -5},
        {"amount": 10.5},
        {"amount": None},
        {"currency": "XXX"},
        {"currency": ""},
        {"method": "cash"},
        {"country": "Ghana"},
        {"capture_method": "later"},
        {"source": "marketing"},
        {"source": "payment_link"},
        {"source": "subscription", "source_id": "x" * 256},
        {"occurred_at": "2024-01-01"},
        {"metadata": ["a"]},
    ],
    ids=str,
)
async def test_a_bad_payment_is_refused(body):
    with pytest.raises(ValidationError):
        intent(**body)


async def test_a_payment_that_came_from_elsewhere_says_from_where(do):
    payment = await do(
        create_payment,
        intent(
            source="payment_link",
            source_id="pl_abc123",
            source_description="Summer Sale - Premium Plan",
        ),
    )

    assert payment.source == "payment_link"
    assert payment.source_id == "pl_abc123"
    assert payment.source_description == "Summer Sale - Premium Plan"


async def test_a_payment_of_the_past_happened_then(do):
    payment = await do(create_payment, intent(amount=4000, occurred_at=PAST.isoformat()))

    assert payment.created_at == PAST
    assert payment.succeeded_at == PAST


async def test_nothing_has_happened_in_the_future(do):
    soon = datetime.now(UTC) + timedelta(minutes=4)
    later = datetime.now(UTC) + timedelta(minutes=6)

    await do(create_payment, intent(occurred_at=soon))
    with pytest.raises(InTheFuture):
        await do(create_payment, intent(occurred_at=later))


async def test_what_cannot_be_done_yet_is_accepted_and_ignored(do):
    payment = await do(
        create_payment,
        intent(save_payment_method=True, policy={"prefer": ["paystack"]}, phone="123 45 67"),
    )

    assert payment.status == "pending"


async def test_an_unknown_payment_is_not_found(do):
    for unknown in ("pay_1", "pay_" + "0" * 26, "\x00"):
        with pytest.raises(PaymentNotFound):
            await do(cancel_payment, unknown, CancelPayment())
