"""Payments: what may happen to one, and what is refused."""

from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Refusal
from domain.payment import Payment
from domain.payment_refusals import (
    AlreadyAttached,
    AnotherCurrency,
    BeforeItsCause,
    CaptureExceedsAuthorization,
    ConfirmationDiffers,
    DisputeExceedsPayment,
    GivenUp,
    NothingPaid,
    NotPositive,
    PaidWhenCaptured,
    RefundExceedsPayment,
    WrongStatus,
)

NOW = datetime(2026, 11, 23, 5, 9, 35, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def a_payment(**differently):
    return Payment.create(
        "pay_1", **({"amount": 1000, "currency": "GHS", "now": NOW} | differently)
    )


def _pending():
    return a_payment()


def _requires_action():
    payment = a_payment()
    payment.require_action({"type": "redirect"}, LATER)
    return payment


def _processing():
    payment = a_payment()
    payment.start_processing(LATER)
    return payment


def _authorized():
    payment = a_payment(capture_method="manual")
    payment.collect(LATER)
    return payment


def _partially_captured():
    payment = _authorized()
    payment.capture(400, LATER)
    return payment


def _succeeded():
    payment = a_payment()
    payment.collect(LATER)
    return payment


def _failed():
    payment = a_payment()
    payment.fail("card_declined", "the card was declined", LATER)
    return payment


def _canceled():
    payment = a_payment()
    payment.cancel(LATER)
    return payment


def _expired():
    payment = a_payment()
    payment.expire(LATER)
    return payment


def _refunded():
    payment = _succeeded()
    payment.refund("ref_1", None, LATER)
    return payment


def _partially_refunded():
    payment = _succeeded()
    payment.refund("ref_1", 300, LATER)
    return payment


def _disputed():
    payment = _succeeded()
    payment.open_a_dispute("dis_1", 600, LATER)
    return payment


STATUSES = {
    "pending": _pending,
    "requires_action": _requires_action,
    "processing": _processing,
    "authorized": _authorized,
    "partially_captured": _partially_captured,
    "succeeded": _succeeded,
    "failed": _failed,
    "canceled": _canceled,
    "expired": _expired,
    "refunded": _refunded,
    "partially_refunded": _partially_refunded,
    "disputed": _disputed,
}
OPEN = {"pending", "requires_action", "processing"}

ACTIONS = {
    "amend": (lambda p: p.amend(LATER, amount=7), {"pending", "requires_action"}),
    "attach": (lambda p: p.attach("cus_1", LATER), set(STATUSES)),
    "require action": (lambda p: p.require_action({}, LATER), {"pending"}),
    "process": (lambda p: p.start_processing(LATER), {"pending", "requires_action"}),
    "collect": (lambda p: p.collect(LATER), OPEN),
    "capture": (lambda p: p.capture(None, LATER), {"authorized", "partially_captured"}),
    "fail": (lambda p: p.fail("payment_failed", "no", LATER), OPEN),
    "cancel": (
        lambda p: p.cancel(LATER),
        {"pending", "requires_action", "authorized", "partially_captured", "canceled"},
    ),
    "expire": (lambda p: p.expire(LATER), OPEN),
    "retry": (lambda p: p.retry(LATER), {"failed"}),
    "refund": (lambda p: p.refund("ref_2", 1, LATER), {"succeeded", "partially_refunded"}),
    "dispute": (
        lambda p: p.open_a_dispute("dis_2", 1, LATER),
        {"succeeded", "partially_refunded", "refunded"},
    ),
    "resolve": (lambda p: p.resolve_the_dispute("won", LATER), {"disputed"}),
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_allowed_in_exactly_the_statuses_of_the_contract(status, action):
    payment = STATUSES[status]()
    act, allowed = ACTIONS[action]

    try:
        act(payment)
        refusal = None
    except Refusal as refused:
        refusal = refused

    if status in allowed:
        assert refusal is None
    else:
        assert isinstance(refusal, WrongStatus)
        assert refusal.details["status"] == status


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("action", ACTIONS)
def test_what_happens_to_a_copy_does_not_happen_to_the_original(status, action):
    payment = STATUSES[status]()
    before = deepcopy(vars(payment))

    with suppress(Refusal):
        ACTIONS[action][0](payment.copy())

    assert vars(payment) == before


@pytest.mark.parametrize("status", STATUSES)
def test_replaying_the_facts_gives_the_same_payment(status):
    payment = STATUSES[status]()
    facts = payment.collect_events()

    replayed = None
    for fact in facts:
        replayed = fact.mutate(replayed)

    assert replayed == payment
    assert replayed.status == status
    assert facts[-1].status == status


def test_every_fact_says_who_paid_how_much_from_where_and_what_it_was_before():
    payment = a_payment(
        customer_id="cus_1",
        source="payment_link",
        source_id="pl_1",
        source_description="Summer Sale",
        method="mobile_money",
        country="GH",
    )

    payment.collect(LATER)
    payment.refund("ref_1", 300, LATER)

    *_, refunded = payment.pending_events
    assert refunded.customer_id == "cus_1"
    assert (refunded.amount, refunded.currency) == (1000, "GHS")
    assert (refunded.source, refunded.source_id) == ("payment_link", "pl_1")
    assert refunded.source_description == "Summer Sale"
    assert (refunded.method, refunded.country) == ("mobile_money", "GH")
    assert (refunded.previous_status, refunded.status) == ("succeeded", "partially_refunded")


def test_a_payment_is_of_at_least_one_minor_unit():
    with pytest.raises(NotPositive, match="at least 1, not 0"):
        a_payment(amount=0)


def test_a_refund_may_not_exceed_what_is_left():
    payment = _partially_refunded()

    with pytest.raises(RefundExceedsPayment, match=r"cannot refund 7.01 GHS: 7.00 GHS left") as no:
        payment.refund("ref_2", 701, LATER)

    assert no.value.details == {"field": "amount", "left": 700}
    assert payment.refunded_amount == 300


@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_is_of_at_least_one_minor_unit(amount):
    with pytest.raises(NotPositive):
        _succeeded().refund("ref_1", amount, LATER)


def test_a_refund_without_an_amount_gives_back_all_that_is_left():
    payment = _partially_refunded()

    payment.refund("ref_2", None, LATER, reason="asked for")

    assert payment.status == "refunded"
    assert [refund["amount"] for refund in payment.refunds] == [300, 700]
    assert payment.left == 0


def test_refunds_add_up_to_the_payment_and_no_further():
    payment = _succeeded()

    for number in range(10):
        payment.refund(f"ref_{number}", 100, LATER)

    assert payment.status == "refunded"
    with pytest.raises(WrongStatus):
        payment.refund("ref_11", 1, LATER)


def test_capturing_a_part_and_then_the_rest_collects_everything():
    payment = _partially_captured()

    payment.capture(None, LATER)

    assert (payment.status, payment.captured_amount) == ("succeeded", 1000)


def test_a_final_capture_of_a_part_lets_the_rest_go():
    payment = _authorized()

    payment.capture(400, LATER, final=True)

    assert (payment.status, payment.captured_amount, payment.left) == ("succeeded", 400, 400)
    assert payment.pending_events[-1].captured_amount == 400


def test_canceling_a_payment_of_which_a_part_was_taken_lets_the_rest_go():
    payment = _partially_captured()

    payment.cancel(LATER, reason="sold out")

    released, succeeded = payment.pending_events[-2:]
    assert (released.released_amount, released.reason) == (600, "sold out")
    assert (succeeded.captured_amount, succeeded.previous_status) == (400, "partially_captured")
    assert (payment.status, payment.captured_amount, payment.left) == ("succeeded", 400, 400)


def test_no_more_is_captured_than_was_set_aside():
    with pytest.raises(CaptureExceedsAuthorization, match=r"6\.00 GHS left"):
        _partially_captured().capture(601, LATER)


def test_only_what_was_captured_can_be_refunded():
    payment = _authorized()
    payment.capture(400, LATER, final=True)

    with pytest.raises(RefundExceedsPayment, match=r"4\.00 GHS left"):
        payment.refund("ref_1", 401, LATER)


def test_a_dispute_won_leaves_everything_as_it_was():
    payment = _partially_refunded()
    payment.open_a_dispute("dis_1", None, LATER)

    payment.resolve_the_dispute("won", LATER)

    assert (payment.status, payment.left) == ("partially_refunded", 700)


def test_a_dispute_lost_takes_the_disputed_amount():
    payment = _disputed()

    payment.resolve_the_dispute("lost", LATER)

    assert (payment.status, payment.left) == ("partially_refunded", 400)
    assert payment.refunded_amount == 0


def test_a_dispute_lost_over_all_that_is_left_ends_the_payment():
    payment = _succeeded()
    payment.open_a_dispute("dis_1", None, LATER)

    payment.resolve_the_dispute("lost", LATER)

    assert (payment.status, payment.left) == ("refunded", 0)


def test_no_more_is_disputed_than_was_paid_and_not_lost_before():
    payment = _disputed()
    payment.resolve_the_dispute("lost", LATER)

    with pytest.raises(DisputeExceedsPayment, match=r"cannot dispute 4\.01 GHS: 4\.00 GHS left"):
        payment.open_a_dispute("dis_2", 401, LATER)


@pytest.mark.parametrize(("outcome", "left"), [("won", 0), ("lost", -1000)])
def test_a_bank_may_take_a_payment_that_was_refunded_already(outcome, left):
    payment = _refunded()

    payment.open_a_dispute("dis_1", None, LATER)
    assert (payment.status, payment.open_dispute["amount"]) == ("disputed", 1000)
    payment.resolve_the_dispute(outcome, LATER)

    assert (payment.status, payment.left, payment.refunded_amount) == ("refunded", left, 1000)


def test_a_bank_may_take_more_than_a_refund_left():
    payment = _partially_refunded()

    payment.open_a_dispute("dis_1", 1000, LATER)
    payment.resolve_the_dispute("lost", LATER)

    assert (payment.status, payment.left) == ("refunded", -300)
    with pytest.raises(WrongStatus):
        payment.refund("ref_2", 1, LATER)


@pytest.mark.parametrize("amount", [None, 1])
def test_what_was_lost_altogether_is_disputed_no_more(amount):
    payment = _refunded()
    payment.open_a_dispute("dis_1", None, LATER)
    payment.resolve_the_dispute("lost", LATER)

    with pytest.raises(WrongStatus, match="cannot dispute a payment that is refunded"):
        payment.open_a_dispute("dis_2", amount, LATER)


def test_a_failure_says_why_and_a_retry_forgets_it():
    payment = _failed()
    assert payment.failure_code == "card_declined"

    payment.retry(LATER)

    assert (payment.status, payment.failure_code, payment.failure_message) == (
        "pending",
        None,
        None,
    )


def test_attaching_a_customer_takes_everything_that_happened_along():
    payment = _partially_refunded()

    payment.attach("cus_1", LATER)

    attached = payment.pending_events[-1]
    assert attached.customer_id == "cus_1"
    assert attached.created_at == NOW
    assert attached.succeeded_at == LATER
    assert attached.captured_amount == 1000
    assert [refund["amount"] for refund in attached.refunds] == [300]
    assert attached.status == "partially_refunded"


def test_a_payment_has_one_customer_for_ever():
    payment = a_payment(customer_id="cus_1")

    payment.attach("cus_1", LATER)
    assert len(payment.pending_events) == 1

    with pytest.raises(AlreadyAttached, match="has a customer already"):
        payment.attach("cus_2", LATER)


def test_amending_to_the_same_values_records_nothing():
    payment = a_payment(metadata={"order": 1})

    payment.amend(LATER, amount=1000, metadata={"order": 1})

    assert len(payment.pending_events) == 1


def test_canceling_twice_records_it_once():
    payment = _canceled()

    payment.cancel(LATER)

    assert len(payment.pending_events) == 2


def test_a_payment_of_the_past_keeps_the_time_it_happened():
    past = datetime(2024, 1, 1, tzinfo=UTC)
    payment = a_payment(occurred_at=past)

    payment.collect(NOW, occurred_at=past + timedelta(minutes=1))

    assert payment.created_at == past
    assert payment.succeeded_at == past + timedelta(minutes=1)
    assert payment.pending_events[-1].timestamp == NOW


GIVEN_UP = ("canceled", "expired", "failed")


@pytest.mark.parametrize("status", GIVEN_UP)
def test_money_that_arrives_late_is_money(status):
    payment = STATUSES[status]()

    payment.collect(LATER, provider="mtn", provider_ref_id="mt_1", occurred_at=NOW)

    succeeded = payment.pending_events[-1]
    assert (succeeded.previous_status, succeeded.status) == (status, "succeeded")
    assert (payment.captured_amount, payment.succeeded_at, payment.left) == (1000, NOW, 1000)
    assert (payment.failure_code, payment.failure_message) == (None, None)


@pytest.mark.parametrize("status", GIVEN_UP)
def test_nobody_says_that_money_came_late_without_its_reference(status):
    with pytest.raises(GivenUp, match="is confirmed with its provider_ref_id") as refusal:
        STATUSES[status]().collect(LATER)

    assert refusal.value.code == "invalid_state"


def test_late_money_has_been_taken_though_it_was_to_be_captured():
    payment = a_payment(capture_method="manual")
    payment.cancel(LATER)

    payment.collect(LATER, provider_ref_id="mt_1")

    assert (payment.status, payment.captured_amount) == ("succeeded", 1000)


def test_an_authorization_that_is_told_again_after_it_was_let_go_is_no_money():
    payment = a_payment(capture_method="manual")
    payment.collect(LATER, provider_ref_id="mt_1")
    payment.cancel(LATER)

    with pytest.raises(NothingPaid, match="say the amount that was paid after all"):
        payment.collect(LATER, provider_ref_id="mt_1")
    payment.collect(LATER, provider_ref_id="mt_1", amount=400)

    assert (payment.status, payment.captured_amount) == ("succeeded", 400)


@pytest.mark.parametrize("amount", [1, 999, 1001])
def test_what_was_paid_counts_and_not_what_was_asked(amount):
    payment = a_payment()

    payment.collect(LATER, amount=amount)

    assert (payment.amount, payment.captured_amount, payment.left) == (1000, amount, amount)
    payment.refund("ref_1", None, LATER)
    assert (payment.status, payment.refunded_amount) == ("refunded", amount)


@pytest.mark.parametrize("amount", [0, -1])
def test_something_was_paid(amount):
    with pytest.raises(NotPositive):
        a_payment().collect(LATER, amount=amount)


def test_what_is_captured_later_is_paid_then():
    payment = a_payment(capture_method="manual")

    with pytest.raises(PaidWhenCaptured):
        payment.collect(LATER, amount=999)
    payment.collect(LATER, amount=1000)

    assert (payment.status, payment.authorized_amount) == ("authorized", 1000)


def test_a_payment_was_paid_with_one_amount_in_one_currency():
    payment = a_payment()
    payment.collect(LATER, amount=900)

    payment.must_have_been_paid(None)
    payment.must_have_been_paid(900)
    payment.must_be_in("GHS")
    with pytest.raises(ConfirmationDiffers, match=r"with 9\.00 GHS, not 10\.00 GHS"):
        payment.must_have_been_paid(1000)
    with pytest.raises(AnotherCurrency, match="nothing about it is in USD"):
        payment.must_be_in("USD")


TICK = timedelta(microseconds=1)
DATED = {
    "a request to the payer": (
        _pending,
        NOW,
        lambda p, at: p.require_action({}, LATER, occurred_at=at),
    ),
    "processing": (_pending, NOW, lambda p, at: p.start_processing(LATER, occurred_at=at)),
    "a confirmation": (_pending, NOW, lambda p, at: p.collect(LATER, occurred_at=at)),
    "an authorization": (
        lambda: a_payment(capture_method="manual"),
        NOW,
        lambda p, at: p.collect(LATER, occurred_at=at),
    ),
    "a failure": (_pending, NOW, lambda p, at: p.fail("no", "no", LATER, occurred_at=at)),
    "a capture": (_authorized, LATER, lambda p, at: p.capture(None, LATER, occurred_at=at)),
    "a capture of a part": (_authorized, LATER, lambda p, at: p.capture(1, LATER, occurred_at=at)),
    "a refund": (_succeeded, LATER, lambda p, at: p.refund("r", 1, LATER, occurred_at=at)),
    "a dispute": (_succeeded, LATER, lambda p, at: p.open_a_dispute("d", 1, LATER, occurred_at=at)),
    "a decision": (
        _disputed,
        LATER,
        lambda p, at: p.resolve_the_dispute("lost", LATER, occurred_at=at),
    ),
}


@pytest.mark.parametrize("what", DATED)
def test_nothing_happens_before_what_it_is_about(what):
    made, since, act = DATED[what]
    payment = made()

    with pytest.raises(BeforeItsCause) as refusal:
        act(payment, since - TICK)

    assert refusal.value.code == "validation_error"
    for moment in (since - TICK, since):
        assert f"at {moment:%Y-%m-%dT%H:%M:%S.%fZ}" in refusal.value.message
    assert refusal.value.details == {
        "field": "occurred_at",
        "occurred_at": f"{since - TICK:%Y-%m-%dT%H:%M:%S.%fZ}",
        "not_before": f"{since:%Y-%m-%dT%H:%M:%S.%fZ}",
    }
    act(payment, since)
    assert payment.pending_events[-1].occurred_at == since


@pytest.mark.parametrize("what", DATED)
def test_what_is_dated_by_the_second_happened_within_it(what):
    made, since, act = DATED[what]
    payment = made()

    act(payment, since.replace(microsecond=0))

    assert payment.pending_events[-1].occurred_at == since


def test_what_has_no_date_is_never_before_what_it_is_about_whatever_the_clocks_say():
    ahead = NOW + timedelta(minutes=4)
    payment = a_payment(occurred_at=ahead)

    payment.collect(NOW)
    payment.refund("ref_1", 300, NOW)

    assert payment.succeeded_at == ahead
    assert payment.refunds[0]["occurred_at"] == f"{ahead:%Y-%m-%dT%H:%M:%S.%fZ}"


def test_a_stored_life_in_the_wrong_order_still_loads():
    payment = a_payment()
    payment.collect(NOW)
    facts = payment.collect_events()
    vars(facts[-1])["occurred_at"] = NOW - timedelta(days=1)

    replayed = None
    for fact in facts:
        replayed = fact.mutate(replayed)
    replayed.refund("ref_1", None, NOW, occurred_at=NOW - timedelta(hours=1))

    assert (replayed.status, replayed.succeeded_at) == ("refunded", NOW - timedelta(days=1))
