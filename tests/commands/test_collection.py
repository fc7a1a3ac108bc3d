"""Collection: what is asked for by itself, and what is not any more."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from merchant import ORG, ManualClock, Merchant

from commands.customers import CreateCustomer, create_customer, delete_customer
from commands.invoices import retry_invoice
from commands.payments import (
    ConfirmPayment,
    CreatePayment,
    FailPayment,
    confirm_payment,
    create_payment,
    fail_payment,
    retry_payment,
)
from commands.subscriptions import (
    CancelSubscription,
    CreateSubscription,
    PauseSubscription,
    UpdateSubscription,
    cancel_subscription,
    create_subscription,
    pause_subscription,
    resume_subscription,
    update_subscription,
)
from domain.customer import CustomerNotFound
from domain.errors import RuleBroken
from domain.invoice import Invoice
from domain.payment import Payment
from domain.subscription import Subscription
from ledger.clock import written

pytestmark = pytest.mark.anyio

DECLINED_FOR_A_WHILE = 4003
PLAN = {
    "plan_id": "plan_premium",
    "amount": 9900,
    "currency": "GHS",
    "method": "momo",
    "interval": "monthly",
}


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def merchant(ledger, clock):
    merchant = Merchant(ledger, clock, f"{ORG}/test")
    yield merchant
    merchant.handler.close()


@pytest.fixture
def live(ledger, clock):
    merchant = Merchant(ledger, clock, f"{ORG}/live")
    yield merchant
    merchant.handler.close()


def cancel(subscription_id):
    return cancel_subscription, subscription_id, CancelSubscription()


def pause(subscription_id):
    return pause_subscription, subscription_id, PauseSubscription()


ends = pytest.mark.parametrize("stop", [cancel, pause], ids=["canceled", "paused"])


@ends
async def test_nothing_is_collected_by_itself_any_more_and_by_hand_it_may_be(merchant, stop):
    subscription_id = await merchant.subscribe(amount=DECLINED_FOR_A_WHILE)
    assert merchant.invoice.next_retry_at is not None

    await merchant.do(*stop(subscription_id))

    assert (merchant.invoice.status, merchant.invoice.next_retry_at) == ("failed", None)
    merchant.clock.now += timedelta(days=60)
    assert await merchant.bill() == 0
    assert merchant.payment.status == "failed"
    await merchant.do(retry_invoice, merchant.invoice.id)
    assert (merchant.invoice.status, len(merchant.all(Invoice))) == ("paid", 1)


@ends
async def test_what_fails_after_that_is_not_tried_again_by_itself(live, stop):
    subscription_id = await live.subscribe()
    await live.do(*stop(subscription_id))

    await live.do(fail_payment, live.payment.id, FailPayment())

    assert (live.invoice.status, live.invoice.next_retry_at) == ("failed", None)
    assert live.ledger.owners(live.book, "due", "") == []


async def test_what_becomes_due_just_before_is_tried_no_more_either(merchant):
    subscription_id = await merchant.subscribe(amount=DECLINED_FOR_A_WHILE)
    merchant.clock.on(2027, 5, 1)

    # Three periods have been missed: they are billed first, and none of them is pursued.
    await merchant.do(*cancel(subscription_id))

    assert [invoice.next_retry_at for invoice in merchant.all(Invoice)] == [None] * 4
    merchant.clock.on(2028, 5, 1)
    assert await merchant.bill() == 0


async def test_what_was_stopped_does_not_begin_again_when_it_is_resumed(merchant):
    subscription_id = await merchant.subscribe(amount=DECLINED_FOR_A_WHILE)
    await merchant.do(*pause(subscription_id))

    await merchant.do(resume_subscription, subscription_id)

    merchant.clock.now += timedelta(days=2)
    assert await merchant.bill() == 0
    assert merchant.invoice.status == "failed"


async def test_a_policy_that_is_used_up_stops_the_other_invoices_too(live):
    await live.subscribe()
    live.clock.on(2027, 2, 28)
    await live.bill()
    first, second = live.all(Payment)
    await live.do(fail_payment, first.id, FailPayment())
    while due := live.all(Invoice)[0].next_retry_at:
        live.clock.now = due
        await live.bill()
        if live.all(Invoice)[0].retry_count == live.invoice.max_retries:
            await live.do(fail_payment, second.id, FailPayment())
            assert live.invoice.next_retry_at is not None
        await live.do(fail_payment, first.id, FailPayment())

    assert live.subscription.status == "paused"
    assert [invoice.next_retry_at for invoice in live.all(Invoice)] == [None, None]


async def test_somebody_who_is_deleted_has_no_subscription_and_owes_nothing_from_then_on(merchant):
    await merchant.subscribe()
    paused = await merchant.subscribe()
    await merchant.subscribe(amount=4001)
    await merchant.do(*pause(paused))
    customer_id, failed = merchant.subscription.customer_id, merchant.invoice

    await merchant.do(delete_customer, customer_id)

    told = [(each.status, each.status_reason) for each in merchant.all(Subscription)]
    assert told == [("canceled", "customer_deleted")] * 3
    assert [each.next_renewal_at for each in merchant.all(Subscription)] == [None] * 3
    assert merchant.invoice.id == failed.id
    assert (merchant.invoice.status, merchant.invoice.next_retry_at) == ("canceled", None)
    contexts = {fact.recorded_at for fact in merchant.ledger.read(merchant.book, limit=100)[-5:]}
    assert len(contexts) == 1
    merchant.clock.on(2028, 1, 1)
    assert await merchant.bill() == 0
    assert len(merchant.all(Payment)) == 3


async def test_somebody_who_was_deleted_is_not_charged_by_hand_either(live):
    await live.subscribe()
    payment_id, customer_id = live.payment.id, live.payment.customer_id
    alone = CreatePayment(amount=700, currency="GHS", customer_id=customer_id)
    alone = (await live.do(create_payment, alone)).id
    await live.do(fail_payment, alone, FailPayment())
    await live.do(delete_customer, customer_id)
    # What was asked for before is still decided by whoever was asked.
    await live.do(fail_payment, payment_id, FailPayment())

    for attempt in (
        (retry_invoice, live.invoice.id),
        (retry_payment, payment_id),
        (retry_payment, alone),
    ):
        with pytest.raises(RuleBroken, match="was deleted, and is charged for nothing"):
            await live.do(*attempt)
    assert {payment.status for payment in live.all(Payment)} == {"failed"}


async def test_one_who_never_subscribed_is_deleted_as_ever(merchant):
    ama = await merchant.do(create_customer, CreateCustomer())
    await merchant.subscribe()

    await merchant.do(delete_customer, ama.id)

    assert merchant.subscription.status == "active"


async def test_however_many_subscribe_and_delete_at_once_nobody_deleted_is_subscribed(merchant):
    for _ in range(5):
        await merchant.subscribe()
        customer_id = merchant.subscription.customer_id

        await asyncio.gather(
            *(merchant.subscribe(customer_id=customer_id) for _ in range(5)),
            merchant.do(delete_customer, customer_id),
            *(merchant.subscribe(customer_id=customer_id) for _ in range(5)),
            return_exceptions=True,
        )

        assert {each.status for each in merchant.all(Subscription)} == {"canceled"}


@pytest.mark.parametrize("subscriptions_before", [0, 1, 2])
async def test_what_another_process_begins_while_somebody_is_deleted_ends_with_them(
    merchant, ledger, clock, subscriptions_before
):
    ama = (await merchant.do(create_customer, CreateCustomer())).id
    for _ in range(subscriptions_before):
        await merchant.subscribe(customer_id=ama)
    other, begun = Merchant(ledger, clock, merchant.book), []

    async def delete_while_another_begins(work):
        await delete_customer(work, ama)
        if not begun:
            begun.append(await other.subscribe(customer_id=ama))

    await merchant.do(delete_while_another_begins)

    other.handler.close()
    told = [(each.status, each.status_reason) for each in merchant.all(Subscription)]
    assert told == [("canceled", "customer_deleted")] * (subscriptions_before + 1)


async def test_nothing_begins_for_somebody_whom_another_process_deletes_meanwhile(
    merchant, ledger, clock
):
    ama = (await merchant.do(create_customer, CreateCustomer())).id
    other, deleted = Merchant(ledger, clock, merchant.book), []

    async def subscribe_while_another_deletes(work):
        command = CreateSubscription(customer_id=ama, **PLAN)
        subscription = await create_subscription(work, command)
        if not deleted:
            deleted.append(await other.do(delete_customer, ama))
        return subscription

    with pytest.raises(CustomerNotFound):
        await merchant.do(subscribe_while_another_deletes)

    other.handler.close()
    assert merchant.all(Subscription) == merchant.all(Invoice) == []


async def test_a_renewal_and_a_deletion_at_once_by_two_processes_leave_nothing_open(
    merchant, ledger, clock
):
    for number in range(8):
        await merchant.subscribe(customer_id=f"usr_{number}")
    clock.on(2027, 2, 28)
    other = Merchant(ledger, clock, merchant.book)

    await asyncio.gather(
        other.bill(),
        *(merchant.do(delete_customer, each.customer_id) for each in merchant.all(Subscription)),
    )

    other.handler.close()
    assert {each.status for each in merchant.all(Subscription)} == {"canceled"}
    clock.on(2027, 12, 31)
    assert await merchant.bill() == 0


async def test_it_ends_with_the_period_that_is_paid(merchant):
    subscription_id = await merchant.subscribe()
    command = CancelSubscription(cancel_at_period_end=True, reason="moved away")

    told = await merchant.do(cancel_subscription, subscription_id, command)

    assert (told.status, told.cancel_at_period_end, told.next_renewal_at) == ("active", True, None)
    assert told.ends_at == datetime(2027, 2, 28, 9, 30, tzinfo=UTC)
    merchant.clock.on(2027, 2, 28, 9, 29)
    assert await merchant.bill() == 0
    merchant.clock.on(2027, 3, 9)
    assert await merchant.bill() == 1
    ended = merchant.subscription
    assert (ended.status, ended.status_reason) == ("canceled", "moved away")
    assert merchant.starts == ["2027-01-31"]
    merchant.clock.on(2028, 1, 1)
    assert await merchant.bill() == 0


@pytest.mark.parametrize("billed_first", [True, False])
async def test_an_invoice_that_failed_is_pursued_until_the_end_and_no_longer(
    merchant, billed_first
):
    subscription_id = await merchant.subscribe(amount=4001)
    await merchant.do(
        update_subscription, subscription_id, UpdateSubscription(cancel_at_period_end=True)
    )
    if billed_first:
        merchant.clock.now = merchant.invoice.next_retry_at
        assert await merchant.bill() == 1

    merchant.clock.on(2027, 3, 1)
    await merchant.bill()

    assert (merchant.invoice.status, merchant.invoice.next_retry_at) == ("failed", None)
    assert merchant.invoice.retry_count == billed_first
    assert merchant.subscription.status == "canceled"


async def test_until_it_ends_it_can_be_kept(merchant):
    subscription_id = await merchant.subscribe()
    scheduled, kept = (UpdateSubscription(cancel_at_period_end=each) for each in (True, False))
    await merchant.do(update_subscription, subscription_id, scheduled)

    told = await merchant.do(update_subscription, subscription_id, kept)

    assert told.next_renewal_at == datetime(2027, 2, 28, 9, 30, tzinfo=UTC)
    merchant.clock.on(2027, 3, 1)
    await merchant.bill()
    assert merchant.starts == ["2027-01-31", "2027-02-28"]
    await merchant.do(update_subscription, subscription_id, scheduled)
    merchant.clock.on(2027, 4, 1)
    # However late the biller is: its time is over.
    with pytest.raises(RuleBroken, match="a subscription that is canceled"):
        await merchant.do(update_subscription, subscription_id, kept)


async def test_one_period_can_be_all_there_is(merchant):
    await merchant.subscribe(cancel_at_period_end=True, start_date="2027-02-15")

    merchant.clock.on(2027, 12, 1)
    await merchant.bill()

    assert merchant.starts == ["2027-02-15"]
    assert merchant.subscription.status == "canceled"


async def test_it_begins_on_the_day_it_is_said_to(merchant):
    await merchant.subscribe(start_date="2027-03-31")

    assert merchant.all(Invoice) == []
    assert merchant.subscription.status == "active"
    assert merchant.subscription.next_renewal_at == datetime(2027, 3, 31, tzinfo=UTC)
    merchant.clock.on(2027, 5, 1)
    await merchant.bill()
    assert merchant.starts == ["2027-03-31", "2027-04-30"]


async def test_a_day_that_has_begun_is_billed_at_once_and_once(merchant):
    await merchant.subscribe(start_date="2027-01-31")
    await merchant.bill()

    assert merchant.starts == ["2027-01-31"]
    assert merchant.subscription.next_renewal_at == datetime(2027, 2, 28, tzinfo=UTC)


async def test_what_began_long_ago_is_not_billed_again(merchant):
    with pytest.raises(RuleBroken, match=r"2027-01-29T00:00:00.00:00 is more than a day before"):
        await merchant.subscribe(start_date="2027-01-29")

    assert merchant.ledger.read(merchant.book, limit=10) == []


@pytest.mark.parametrize("said", [{"trial_days": 14}, {"trial_end": "2027-02-14T09:30:00Z"}])
async def test_a_trial_is_billed_when_it_ends(merchant, said):
    await merchant.subscribe(**said)

    assert merchant.all(Payment) == []
    told = merchant.subscription
    assert (told.status, told.trial_end) == ("active", datetime(2027, 2, 14, 9, 30, tzinfo=UTC))
    merchant.clock.on(2027, 3, 15)
    await merchant.bill()
    assert merchant.starts == ["2027-02-14", "2027-03-14"]


async def test_who_leaves_during_the_trial_pays_nothing(merchant):
    subscription_id = await merchant.subscribe(trial_days=14)
    await merchant.do(
        cancel_subscription, subscription_id, CancelSubscription(cancel_at_period_end=True)
    )

    merchant.clock.on(2028, 1, 1)
    await merchant.bill()

    assert merchant.subscription.status == "canceled"
    assert merchant.all(Payment) == []


async def test_a_trial_that_ended_while_it_was_paused_is_billed_when_it_is_resumed(merchant):
    subscription_id = await merchant.subscribe(trial_days=14)
    await merchant.do(*pause(subscription_id))
    merchant.clock.on(2027, 4, 10)

    await merchant.do(resume_subscription, subscription_id)

    assert merchant.starts == ["2027-04-10"]


async def test_in_live_mode_a_retry_is_a_question_and_the_merchant_s_word_the_answer(live):
    await live.subscribe()
    await live.do(fail_payment, live.payment.id, FailPayment())

    told = await live.do(retry_invoice, live.invoice.id)

    assert (told.status, told.paid_at) == ("due", None)
    assert (live.payment.status, live.payment.captured_amount) == ("pending", 0)
    live.clock.now += timedelta(days=3)
    assert await live.bill() == 0
    assert live.payment.status == "pending"
    await live.do(confirm_payment, live.payment.id, ConfirmPayment())
    assert live.invoice.status == "paid"


async def test_what_is_open_and_who_is_subscribed_stands_in_the_ledger_until_it_ends(merchant):
    subscription_id = await merchant.subscribe(amount=4001)
    customer_id, invoice_id = merchant.subscription.customer_id, merchant.invoice.id

    def claimed(kind):
        return merchant.ledger.owners(merchant.book, kind, f"{customer_id}\n")

    subscribed = (f"{customer_id}\n{subscription_id}", subscription_id)
    assert claimed("customer_subscription") == [subscribed]
    owed = (f"{customer_id}\n{subscription_id}\n{invoice_id}", invoice_id)
    assert claimed("open_invoice") == [owed]
    await merchant.do(delete_customer, customer_id)
    assert claimed("customer_subscription") == claimed("open_invoice") == []
    assert merchant.ledger.owners(merchant.book, "due", "") == []


async def test_what_an_earlier_release_left_due_is_not_collected(merchant, monkeypatch):
    """It stopped no retries, and ended no subscription of somebody who was deleted."""
    monkeypatch.setattr("commands.handling.unit_of_work.UnitOfWork.streams_found_by", nobody)
    canceled = await merchant.subscribe(amount=4001)
    await merchant.do(*cancel(canceled))
    await merchant.subscribe(customer_id="usr_2")
    await merchant.do(delete_customer, merchant.subscription.customer_id)
    assert len(merchant.ledger.owners(merchant.book, "due", "")) == 2
    monkeypatch.undo()

    merchant.clock.on(2027, 3, 1)
    await merchant.bill()

    assert (
        merchant.ledger.owners_between(
            merchant.book, "due", after="", before=written(merchant.clock.now), limit=9
        )
        == []
    )
    assert [invoice.status for invoice in merchant.all(Invoice)] == ["failed", "paid"]
    assert {each.status for each in merchant.all(Subscription)} == {"canceled"}


async def nobody(*_):
    return []
