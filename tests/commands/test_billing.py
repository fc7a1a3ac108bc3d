"""Billing: what is billed, when, and how often, whatever the clock does and whoever bills."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from merchant import ORG, ManualClock, Merchant
from sqlalchemy.exc import OperationalError

from commands.invoices import CancelInvoice, cancel_invoice, retry_invoice
from commands.payments import (
    AmendPayment,
    CancelPayment,
    ConfirmPayment,
    FailPayment,
    amend_payment,
    cancel_payment,
    confirm_payment,
    expire_payment,
    fail_payment,
    retry_payment,
)
from commands.retry_policies import SetRetryPolicy, remove_retry_policy, set_retry_policy
from commands.subscriptions import (
    CancelSubscription,
    PauseSubscription,
    UpdateSubscription,
    cancel_subscription,
    pause_subscription,
    resume_subscription,
    update_subscription,
)
from domain.errors import RuleBroken
from domain.invoice import Invoice, InvoiceAlreadyPaid
from domain.money import CurrencyWithdrawn
from domain.organization import Organization
from domain.payment import Payment
from domain.subscription import Subscription
from domain.subscription_refusals import SubscriptionCancelled
from whence.billing_worker import BillingWorker

pytestmark = pytest.mark.anyio


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


async def test_the_first_period_is_billed_at_once(merchant):
    await merchant.subscribe(metadata={"plan_name": "Premium"})

    invoice, payment = merchant.invoice, merchant.payment
    assert (invoice.status, invoice.period, invoice.due_at) == ("paid", 1, merchant.clock.now)
    assert (payment.source, payment.source_id) == ("subscription", merchant.subscription.id)
    assert (payment.source_description, payment.method) == ("Premium", "mobile_money")
    assert (payment.amount, payment.status) == (9900, "succeeded")
    assert merchant.subscription.plan["method"] == "momo"


async def test_two_years_of_months_that_began_on_a_31st(merchant):
    await merchant.subscribe()

    for day in range(732):
        merchant.clock.now = datetime(2027, 1, 31, 10, tzinfo=UTC) + timedelta(days=day)
        await merchant.bill()

    assert merchant.starts == [
        *("2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30"),
        *("2027-07-31", "2027-08-31", "2027-09-30", "2027-10-31", "2027-11-30", "2027-12-31"),
        *("2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31", "2028-06-30"),
        *("2028-07-31", "2028-08-31", "2028-09-30", "2028-10-31", "2028-11-30", "2028-12-31"),
        "2029-01-31",
    ]
    for earlier, later in zip(merchant.all(Invoice), merchant.all(Invoice)[1:], strict=False):
        assert earlier.period_end == later.period_start
    assert [payment.amount for payment in merchant.all(Payment)] == [9900] * 25


async def test_years_that_began_on_a_leap_day(merchant):
    merchant.clock.on(2028, 2, 29)
    await merchant.subscribe(interval="yearly")

    merchant.clock.on(2032, 3, 1)
    await merchant.bill()

    assert merchant.starts == ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


async def test_nothing_is_billed_before_its_moment_and_nothing_twice(merchant):
    await merchant.subscribe()

    merchant.clock.on(2027, 2, 28, 9, 29)
    assert await merchant.bill() == 0
    merchant.clock.on(2027, 2, 28, 9, 30)
    assert await merchant.bill() == 1
    assert await merchant.bill() == 0


async def test_after_a_downtime_every_missed_period_is_billed_once_oldest_first(merchant):
    await merchant.subscribe()

    merchant.clock.on(2027, 12, 24)
    assert await merchant.bill() == 10

    assert merchant.starts == sorted(merchant.starts)
    assert len(set(merchant.starts)) == len(merchant.starts) == 11
    assert [invoice.period for invoice in merchant.all(Invoice)] == list(range(1, 12))


async def test_two_billers_at_once_bill_each_period_once(merchant, ledger, clock):
    for number in range(15):
        await merchant.subscribe(customer_id=f"usr_{number}")
    clock.on(2027, 6, 15)
    other = Merchant(ledger, clock, merchant.book)

    done = await asyncio.gather(merchant.bill(), other.bill())

    other.handler.close()
    assert sum(done) == 15 * 4
    billed = [(invoice.subscription_id, invoice.period) for invoice in merchant.all(Invoice)]
    assert len(billed) == len(set(billed)) == 15 * 5
    assert len(merchant.all(Payment)) == 15 * 5


async def test_one_that_cannot_be_billed_stops_nobody_else(merchant, monkeypatch):
    bad = await merchant.subscribe()
    good = await merchant.subscribe(customer_id="usr_2")
    merchant.clock.on(2027, 2, 28)
    renew = Subscription.renew

    def renew_unless_bad(subscription, invoice_id, now):
        if subscription.id == bad:
            raise RuntimeError("a fault of ours")
        renew(subscription, invoice_id, now)

    monkeypatch.setattr(Subscription, "renew", renew_unless_bad)
    told = []
    worker = BillingWorker(merchant.ledger, merchant.handler, count=told.append)

    assert await worker.bill_everything_due() == 1

    assert sorted(told) == ["billed", "failed"]
    assert merchant.invoice.subscription_id == good
    monkeypatch.undo()
    assert await worker.bill_everything_due() == 0
    merchant.clock.now += timedelta(minutes=5)
    assert await worker.bill_everything_due() == 1
    assert merchant.invoice.subscription_id == bad


async def test_who_cannot_look_for_what_is_due_looks_again(merchant, monkeypatch):
    await merchant.subscribe()
    merchant.clock.on(2027, 2, 28)
    worker = BillingWorker(merchant.ledger, merchant.handler, count=lambda _: worker.close())
    look, failures = merchant.ledger.books_holding, [OperationalError("", {}, Exception("gone"))]

    def look_in_vain_first(*asked, **named):
        if failures:
            raise failures.pop()
        return look(*asked, **named)

    monkeypatch.setattr(merchant.ledger, "books_holding", look_in_vain_first)

    await worker.bill_until_closed(every_seconds=0.01)

    assert merchant.starts == ["2027-01-31", "2027-02-28"]


async def test_another_plan_shows_on_the_next_invoice(merchant):
    subscription_id = await merchant.subscribe()

    await merchant.do(
        update_subscription,
        subscription_id,
        UpdateSubscription(plan_id="plan_basic", amount=2000, interval="yearly"),
    )
    merchant.clock.on(2029, 3, 1)
    await merchant.bill()

    assert merchant.starts == ["2027-01-31", "2027-02-28", "2028-02-29", "2029-02-28"]
    assert [invoice.amount for invoice in merchant.all(Invoice)] == [9900, 2000, 2000, 2000]
    assert merchant.payment.source_description == "plan_basic"


@pytest.mark.parametrize("billed_before", [True, False])
async def test_a_change_never_reaches_back_however_late_the_biller_is(merchant, billed_before):
    subscription_id = await merchant.subscribe()
    merchant.clock.on(2027, 3, 15)
    if billed_before:
        await merchant.bill()

    await merchant.do(update_subscription, subscription_id, UpdateSubscription(amount=1000))

    assert [invoice.amount for invoice in merchant.all(Invoice)] == [9900, 9900]


async def test_paused_time_is_not_billed_and_the_time_after_it_is(merchant):
    subscription_id = await merchant.subscribe()
    merchant.clock.on(2027, 2, 10)
    paused = await merchant.do(pause_subscription, subscription_id, PauseSubscription())
    assert (paused.status, paused.next_renewal_at) == ("paused", None)

    merchant.clock.on(2027, 5, 20)
    assert await merchant.bill() == 0
    resumed = await merchant.do(resume_subscription, subscription_id)

    assert merchant.starts == ["2027-01-31", "2027-05-20"]
    assert resumed.next_renewal_at == datetime(2027, 6, 20, 9, 30, tzinfo=UTC)
    merchant.clock.on(2027, 7, 1)
    await merchant.bill()
    assert merchant.starts == ["2027-01-31", "2027-05-20", "2027-06-20"]


async def test_resumed_within_its_period_it_goes_on_as_if_nothing_had_been(merchant):
    subscription_id = await merchant.subscribe()
    await merchant.do(pause_subscription, subscription_id, PauseSubscription())

    resumed = await merchant.do(resume_subscription, subscription_id)

    assert resumed.next_renewal_at == datetime(2027, 2, 28, 9, 30, tzinfo=UTC)


async def test_nothing_leaves_canceled_and_nothing_is_billed_after(merchant):
    subscription_id = await merchant.subscribe()
    merchant.clock.on(2027, 3, 1)
    await merchant.do(cancel_subscription, subscription_id, CancelSubscription(reason="moved"))

    merchant.clock.on(2028, 3, 1)
    assert await merchant.bill() == 0
    assert merchant.starts == ["2027-01-31", "2027-02-28"]
    for attempt in (
        (cancel_subscription, subscription_id, CancelSubscription()),
        (pause_subscription, subscription_id, PauseSubscription()),
        (resume_subscription, subscription_id),
        (update_subscription, subscription_id, UpdateSubscription(amount=1)),
    ):
        with pytest.raises(SubscriptionCancelled):
            await merchant.do(*attempt)


async def test_only_a_paused_one_is_resumed_and_only_an_active_one_is_paused(merchant):
    subscription_id = await merchant.subscribe()

    with pytest.raises(RuleBroken, match="cannot resume a subscription that is active"):
        await merchant.do(resume_subscription, subscription_id)
    await merchant.do(pause_subscription, subscription_id, PauseSubscription())
    with pytest.raises(RuleBroken, match="cannot pause a subscription that is paused"):
        await merchant.do(pause_subscription, subscription_id, PauseSubscription())


async def test_a_declined_payment_is_tried_again_by_the_policy_and_then_it_is_paused(merchant):
    await merchant.subscribe(amount=4001)
    tries = []

    for _ in range(4 * 24 * 3):
        tries += [merchant.clock.now] * await merchant.bill()
        merchant.clock.now += timedelta(minutes=15)

    began = merchant.invoice.created_at
    spans = [timedelta(minutes=15), timedelta(hours=1, minutes=15), timedelta(days=1, minutes=75)]
    assert [at - began for at in tries] == spans
    assert (merchant.invoice.status, merchant.invoice.retry_count) == ("failed", 3)
    assert merchant.invoice.next_retry_at is None
    assert (merchant.subscription.status, merchant.subscription.status_reason) == (
        "paused",
        "payment_failed",
    )
    assert len(merchant.all(Payment)) == 1


async def test_what_only_failed_for_a_while_is_paid_by_the_first_retry(merchant):
    await merchant.subscribe(amount=4003)
    assert merchant.invoice.status == "failed"

    merchant.clock.now += timedelta(minutes=15)
    await merchant.bill()

    assert (merchant.invoice.status, merchant.invoice.retry_count) == ("paid", 1)
    assert merchant.invoice.paid_at == merchant.clock.now
    assert merchant.payment.status == "succeeded"


@pytest.fixture
async def founded(merchant):
    """An organization that can have policies of its own."""

    async def found(work):
        work.add(
            Organization.found(
                work.org_id, name="Shop", mode=work.mode, client_secret_seed="s", now=work.now
            )
        )

    await merchant.do(found)
    return merchant


async def test_the_policy_of_the_plan_goes_before_the_organization_s_and_that_before_ours(founded):
    merchant = founded
    await merchant.do(set_retry_policy, SetRetryPolicy(delays=["2h"], when_used_up="cancel"))
    await merchant.do(set_retry_policy, SetRetryPolicy(plan_id="plan_gold", delays=["7d", "1d"]))

    await merchant.subscribe(amount=4001)
    by_organization = merchant.invoice
    await merchant.subscribe(amount=4001, plan_id="plan_gold")
    by_plan = merchant.invoice
    await merchant.do(remove_retry_policy, None)
    await merchant.subscribe(amount=4001)
    by_default = merchant.invoice

    assert by_organization.next_retry_at - merchant.clock.now == timedelta(hours=2)
    assert by_plan.next_retry_at - merchant.clock.now == timedelta(days=7)
    assert by_default.next_retry_at - merchant.clock.now == timedelta(minutes=15)
    merchant.clock.now += timedelta(hours=2)
    await merchant.bill()
    statuses = {each.id: each.status for each in merchant.all(Subscription)}
    assert statuses[by_organization.subscription_id] == "canceled"
    assert statuses[by_plan.subscription_id] == "active"


async def test_by_hand_it_is_tried_again_when_the_policy_has_given_up(live):
    subscription_id = await live.subscribe()
    payment_id = live.payment.id
    await live.do(fail_payment, payment_id, FailPayment())
    while live.invoice.next_retry_at:
        live.clock.now = live.invoice.next_retry_at
        await live.bill()
        await live.do(fail_payment, payment_id, FailPayment())
    assert live.subscription.status == "paused"
    await live.do(resume_subscription, subscription_id)

    await live.do(retry_invoice, live.invoice.id)
    assert live.invoice.status == "due"
    await live.do(fail_payment, payment_id, FailPayment())

    # Who asked for one more try has not asked to stop everything when it fails.
    assert (live.invoice.status, live.subscription.status) == ("failed", "active")
    await live.do(retry_invoice, live.invoice.id)
    await live.do(confirm_payment, payment_id, ConfirmPayment())
    assert (live.invoice.status, live.invoice.retry_count) == ("paid", 3)
    with pytest.raises(InvoiceAlreadyPaid):
        await live.do(retry_invoice, live.invoice.id)


async def test_an_invoice_follows_its_payment_by_whatever_route(live):
    await live.subscribe()
    payment_id = live.payment.id
    assert live.invoice.status == "due"

    await live.do(fail_payment, payment_id, FailPayment(code="insufficient_funds"))
    assert live.invoice.status == "failed"
    await live.do(retry_payment, payment_id)
    assert (live.invoice.status, live.invoice.next_retry_at) == ("due", None)
    happened = live.clock.now
    live.clock.now += timedelta(hours=3)
    await live.do(confirm_payment, payment_id, ConfirmPayment(occurred_at=happened))

    assert (live.invoice.status, live.invoice.paid_at) == ("paid", happened)
    assert live.invoice.retry_count == 0


@pytest.mark.parametrize(
    "give_up",
    [lambda id_: (cancel_payment, id_, CancelPayment()), lambda id_: (expire_payment, id_)],
    ids=["canceled", "expired"],
)
async def test_an_invoice_whose_payment_is_over_is_over(live, give_up):
    await live.subscribe()

    await live.do(*give_up(live.payment.id))

    assert live.invoice.status == "canceled"


async def test_a_canceled_invoice_takes_its_payment_with_it_and_is_never_paid(live):
    await live.subscribe()
    await live.do(cancel_invoice, live.invoice.id, CancelInvoice(reason="by mistake"))
    assert (live.invoice.status, live.payment.status) == ("canceled", "canceled")

    await live.subscribe()
    await live.do(fail_payment, live.payment.id, FailPayment())
    await live.do(cancel_invoice, live.invoice.id, CancelInvoice())
    with pytest.raises(RuleBroken, match="cannot retry an invoice that is canceled"):
        await live.do(retry_payment, live.payment.id)
    live.clock.now += timedelta(days=2)
    assert await live.bill() == 0


@pytest.mark.parametrize(
    "give_up",
    [
        lambda id_: (cancel_payment, id_, CancelPayment()),
        lambda id_: (expire_payment, id_),
        lambda id_: (fail_payment, id_, FailPayment()),
    ],
    ids=["canceled", "expired", "failed"],
)
async def test_money_that_came_late_pays_the_invoice(live, give_up):
    await live.subscribe()
    await live.do(*give_up(live.payment.id))
    happened = live.clock.now
    live.clock.now += timedelta(minutes=5)

    said = ConfirmPayment(provider_ref_id="mt_1", amount=1, occurred_at=happened)
    await live.do(confirm_payment, live.payment.id, said)

    assert (live.payment.status, live.payment.captured_amount) == ("succeeded", 1)
    assert (live.invoice.status, live.invoice.paid_at) == ("paid", happened)
    assert live.invoice.next_retry_at is None
    live.clock.now += timedelta(days=2)
    assert await live.bill() == 0


async def test_the_amount_of_an_invoice_is_not_changed_through_its_payment(live):
    await live.subscribe()

    with pytest.raises(RuleBroken, match="pays invoice inv_"):
        await live.do(amend_payment, live.payment.id, AmendPayment(amount=1))
    await live.do(amend_payment, live.payment.id, AmendPayment(metadata={"note": "x"}))


async def test_two_who_confirm_at_once_pay_an_invoice_once(live, ledger, clock):
    await live.subscribe()
    other = Merchant(ledger, clock, live.book)

    await asyncio.gather(
        *(
            merchant.do(confirm_payment, live.payment.id, ConfirmPayment())
            for merchant in (live, other) * 8
        )
    )

    other.handler.close()
    topics = [stored.topic for stored in ledger.read(live.book, limit=1000)]
    assert topics.count("invoice.paid") == topics.count("payment.succeeded") == 1


async def test_what_is_due_stands_in_the_ledger_exactly_once(merchant):
    subscription_id = await merchant.subscribe(amount=4001)
    invoice = merchant.invoice

    def due():
        return merchant.ledger.owners(merchant.book, "due", "")

    renewal = ("2027-02-28T09:30:00.000000Z\n" + subscription_id, subscription_id)
    assert due() == [("2027-01-31T09:45:00.000000Z\n" + invoice.id, invoice.id), renewal]
    await merchant.do(cancel_invoice, invoice.id, CancelInvoice())
    assert due() == [renewal]
    merchant.clock.on(2027, 6, 1)
    await merchant.do(cancel_subscription, subscription_id, CancelSubscription())
    assert due() == []


async def test_nobody_is_charged_in_a_currency_that_was_withdrawn(merchant):
    merchant.clock.on(2025, 12, 15)
    await merchant.subscribe(currency="BGN", amount=4000)
    merchant.clock.on(2026, 1, 20)
    await merchant.bill()

    merchant.clock.on(2026, 4, 1)
    await merchant.bill()

    ended = merchant.subscription
    assert (ended.status, ended.status_reason) == ("canceled", "currency_withdrawn")
    assert [payment.currency for payment in merchant.all(Payment)] == ["BGN", "BGN"]


async def test_nothing_is_tried_again_in_a_currency_that_was_withdrawn(merchant):
    merchant.clock.on(2026, 1, 31, hour=23)
    await merchant.subscribe(currency="BGN", amount=4003)
    failed = merchant.invoice
    assert failed.next_retry_at is not None

    merchant.clock.on(2026, 2, 1)
    await merchant.bill()

    assert (merchant.invoice.status, merchant.invoice.next_retry_at) == ("failed", None)
    for attempt in ((retry_invoice, failed.id), (retry_payment, failed.payment_id)):
        with pytest.raises(CurrencyWithdrawn, match="BGN was money until 2026-01"):
            await merchant.do(*attempt)
    assert merchant.payment.status == "failed"


async def test_what_was_paid_before_a_currency_was_withdrawn_pays_its_invoice(live):
    live.clock.on(2026, 1, 31, hour=23)
    await live.subscribe(currency="BGN")
    await live.do(fail_payment, live.payment.id, FailPayment())
    live.clock.on(2026, 2, 3)

    late = ConfirmPayment(provider_ref_id="momo_1")
    await live.do(confirm_payment, live.payment.id, late)

    assert live.invoice.status == "paid"
