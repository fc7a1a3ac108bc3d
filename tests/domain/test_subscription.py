"""Subscriptions and invoices: when a period ends, and what may become of them."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing_calendar import boundary_after
from domain.errors import RuleBroken
from domain.invoice import Invoice, InvoiceAlreadyPaid
from domain.invoice import WrongStatus as WrongInvoiceStatus
from domain.retry_policy import RetryPolicy, delay_after, span
from domain.subscription import Plan, Subscription
from domain.subscription_refusals import SubscriptionCancelled, WrongStatus

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
MONTH_ON = datetime(2026, 12, 24, 9, 0, tzinfo=UTC)
PLAN = Plan(
    plan_id="plan_premium",
    amount=9900,
    currency="GHS",
    method="momo",
    interval="monthly",
    metadata={},
)


@pytest.fixture
def subscription():
    return Subscription.create("sub_1", customer_id="cus_1", plan=PLAN, now=NOW)


@pytest.fixture
def invoice():
    return Invoice.issue(
        "inv_1",
        subscription_id="sub_1",
        customer_id="cus_1",
        payment_id="pay_1",
        amount=9900,
        currency="GHS",
        plan_id="plan_premium",
        period=1,
        period_start=NOW,
        period_end=NOW + timedelta(days=30),
        retry_policy=RetryPolicy(delays=["15m", "1h"], max_retries=3, when_used_up="pause"),
        now=NOW,
    )


@given(
    began=st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (hypothesis adds the zone)
    intervals=st.lists(st.sampled_from(["monthly", "yearly"]), min_size=1, max_size=60),
)
def test_every_boundary_lies_on_the_day_it_began_or_on_the_last_of_a_shorter_month(
    began, intervals
):
    boundary, months = began, 0
    for interval in intervals:
        boundary = boundary_after(boundary, interval, day=began.day)
        months += {"monthly": 1, "yearly": 12}[interval]

        passed = (boundary.year - began.year) * 12 + boundary.month - began.month
        assert passed == months
        assert boundary.day == min(began.day, monthrange(boundary.year, boundary.month)[1])
        assert boundary.timetz() == began.timetz()


def test_periods_join_without_a_gap(subscription):
    subscription.renew("inv_1", LATER)
    subscription.renew("inv_2", datetime(2027, 1, 1, tzinfo=UTC))

    first, second = subscription.pending_events[-2:]
    assert (first.period, first.period_start) == (1, NOW)
    assert (second.period, second.period_start) == (2, first.period_end)
    assert subscription.next_renewal_at == second.period_end


def test_no_period_begins_before_its_time(subscription):
    subscription.renew("inv_1", NOW)

    with pytest.raises(WrongStatus):
        subscription.renew("inv_2", LATER)


def test_it_wakes_when_the_next_period_begins_and_never_while_it_is_not_active(subscription):
    assert subscription.wakes_at == NOW
    subscription.renew("inv_1", NOW)
    subscription.pause(NOW)
    assert subscription.wakes_at is None
    subscription.resume(LATER)
    assert subscription.wakes_at == MONTH_ON
    subscription.cancel(LATER)
    assert subscription.wakes_at is None


@pytest.mark.parametrize("late", [timedelta(), timedelta(microseconds=1), timedelta(days=100)])
def test_resumed_when_its_period_has_ended_it_begins_a_new_one_at_that_moment(subscription, late):
    subscription.renew("inv_1", NOW)
    subscription.pause(LATER)

    subscription.resume(MONTH_ON + late)
    subscription.renew("inv_2", MONTH_ON + late)

    assert subscription.period_start == MONTH_ON + late
    assert subscription.next_renewal_at == boundary_after(
        MONTH_ON + late, "monthly", day=(MONTH_ON + late).day
    )


def test_the_days_it_is_billed_on_are_counted_from_where_it_began_anew(subscription):
    subscription.renew("inv_1", NOW)
    subscription.pause(LATER)
    subscription.resume(datetime(2027, 1, 31, 12, tzinfo=UTC))

    for invoice in ("inv_2", "inv_3"):
        subscription.renew(invoice, datetime(2027, 3, 1, tzinfo=UTC))

    assert subscription.period_start == datetime(2027, 2, 28, 12, tzinfo=UTC)
    assert subscription.period_end == datetime(2027, 3, 31, 12, tzinfo=UTC)


def test_it_ends_with_the_period_that_is_paid_also_while_it_is_paused(subscription):
    subscription.renew("inv_1", NOW)
    subscription.schedule_end(LATER, reason="moved away")
    assert (subscription.next_renewal_at, subscription.wakes_at) == (None, MONTH_ON)

    subscription.pause(LATER)
    assert subscription.wakes_at == MONTH_ON
    assert not subscription.is_over(MONTH_ON - timedelta(microseconds=1))
    assert subscription.is_over(MONTH_ON)
    subscription.end(MONTH_ON + timedelta(days=3))

    assert subscription.pending_events[-1].occurred_at == MONTH_ON
    assert (subscription.status, subscription.status_reason) == ("canceled", "moved away")
    assert subscription.wakes_at is None


def test_however_late_it_is_seen_that_one_has_ended_its_end_is_no_history(subscription):
    subscription.renew("inv_1", NOW)
    subscription.schedule_end(LATER)

    subscription.end(MONTH_ON + timedelta(days=3))

    assert not subscription.pending_events[-1].is_history


def test_an_end_that_is_revoked_leaves_it_as_it_was(subscription):
    subscription.renew("inv_1", NOW)
    for _ in range(2):
        subscription.schedule_end(LATER)
    for _ in range(2):
        subscription.revoke_end(LATER)

    assert (subscription.next_renewal_at, subscription.ends_at) == (MONTH_ON, None)
    assert len(subscription.pending_events) == 4
    subscription.pause(LATER)
    subscription.schedule_end(LATER)
    subscription.revoke_end(LATER)
    assert subscription.wakes_at is None


def test_an_end_of_a_period_that_ended_while_it_was_paused_is_now(subscription):
    subscription.renew("inv_1", NOW)
    subscription.pause(LATER)

    subscription.schedule_end(MONTH_ON)

    assert subscription.status == "canceled"


def test_a_trial_is_billed_when_it_ends_and_periods_are_counted_from_there():
    subscription = Subscription.create(
        "sub_1", customer_id="cus_1", plan=PLAN, now=NOW, trial_days=14
    )
    trial_end = NOW + timedelta(days=14)
    assert (subscription.period_start, subscription.period_end) == (NOW, trial_end)
    assert not subscription.is_due(trial_end - timedelta(microseconds=1))

    subscription.renew("inv_1", trial_end)

    assert (subscription.status, subscription.period_start) == ("active", trial_end)
    assert subscription.next_renewal_at == datetime(2027, 1, 8, 9, 0, tzinfo=UTC)


def test_a_trial_that_is_not_to_be_billed_ends_with_itself():
    subscription = Subscription.create(
        "sub_1", customer_id="cus_1", plan=PLAN, now=NOW, trial_days=14
    )

    subscription.schedule_end(LATER)

    assert subscription.next_renewal_at is None
    assert subscription.wakes_at == NOW + timedelta(days=14)


def test_one_that_is_to_last_for_one_period_is_billed_for_it_whenever_it_begins():
    subscription = Subscription.create(
        "sub_1", customer_id="cus_1", plan=PLAN, now=NOW, starts_at=MONTH_ON
    )
    subscription.last_for_one_period(NOW)
    subscription.update({"interval": "yearly"}, NOW)
    assert subscription.wakes_at == MONTH_ON

    subscription.renew("inv_1", MONTH_ON)

    assert subscription.next_renewal_at is None
    assert subscription.ends_at == datetime(2027, 12, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        {"starts_at": NOW - timedelta(days=1, microseconds=1)},
        {"starts_at": NOW + timedelta(days=3000)},
        {"trial_end": NOW},
        {"trial_end": MONTH_ON, "starts_at": MONTH_ON},
        {"trial_end": NOW + timedelta(days=7000)},
        {"trial_days": 1, "starts_at": NOW - timedelta(days=1)},
    ],
)
def test_nothing_begins_long_ago_or_ends_before_it_begins(said):
    with pytest.raises(RuleBroken):
        Subscription.create("sub_1", customer_id="cus_1", plan=PLAN, now=NOW, **said)


def test_a_day_that_has_begun_is_today(subscription):
    midnight = datetime(2026, 11, 24, tzinfo=UTC)

    subscription = Subscription.create(
        "sub_1", customer_id="cus_1", plan=PLAN, now=NOW, starts_at=midnight
    )

    assert subscription.is_due(NOW)
    subscription.renew("inv_1", NOW)
    assert subscription.next_renewal_at == datetime(2026, 12, 24, tzinfo=UTC)


def test_it_is_found_by_its_customer_until_it_has_ended(subscription):
    assert subscription.found_by == {("customer_subscription", "cus_1\nsub_1")}
    subscription.pause(NOW)
    assert subscription.found_by
    subscription.cancel(NOW)
    assert not subscription.found_by


def test_an_update_that_changes_nothing_records_nothing(subscription):
    subscription.collect_events()

    subscription.update({"amount": 9900}, LATER)

    assert not subscription.pending_events


def test_its_title_is_the_name_of_the_plan_else_its_id(subscription):
    assert subscription.title == "plan_premium"
    subscription.update({"metadata": {"plan_name": "Premium"}}, NOW)
    assert subscription.title == "Premium"
    subscription.update({"metadata": {"plan_name": 7}}, NOW)
    assert subscription.title == "plan_premium"


def test_nothing_leaves_canceled(subscription):
    subscription.cancel(NOW, reason="moved away")

    for attempt in (
        lambda: subscription.cancel(LATER),
        lambda: subscription.pause(LATER),
        lambda: subscription.resume(LATER),
        lambda: subscription.update({"amount": 1}, LATER),
    ):
        with pytest.raises(SubscriptionCancelled):
            attempt()
    assert subscription.status_reason == "moved away"


def test_each_failure_waits_longer_and_the_last_delay_goes_on(invoice):
    waits = []
    for _ in range(4):
        invoice.fail("card_declined", NOW)
        waits.append(invoice.next_retry_at and invoice.next_retry_at - NOW)
        if invoice.next_retry_at:
            assert not invoice.is_used_up
            invoice.retry(NOW, by_policy=True)

    assert waits == [timedelta(minutes=15), timedelta(hours=1), timedelta(hours=1), None]
    assert (invoice.retry_count, invoice.is_used_up) == (3, True)


def test_a_try_by_hand_uses_none_of_the_policy_s_up(invoice):
    invoice.fail("card_declined", NOW)
    invoice.retry(NOW)
    invoice.fail("card_declined", NOW)

    assert (invoice.retry_count, invoice.next_retry_at) == (0, NOW + timedelta(minutes=15))


def test_what_nobody_collects_is_not_tried_again_and_uses_nothing_up(invoice):
    invoice.fail("card_declined", NOW)
    invoice.stop_retries(NOW)
    invoice.stop_retries(NOW)

    assert (invoice.status, invoice.wakes_at, invoice.is_used_up) == ("failed", None, False)
    assert len(invoice.pending_events) == 3
    invoice.retry(LATER)
    invoice.fail("card_declined", LATER, collects=False)
    assert (invoice.wakes_at, invoice.is_used_up) == (None, False)


def test_it_is_found_by_its_subscription_while_it_may_be_paid(invoice):
    assert invoice.found_by == {("open_invoice", "cus_1\nsub_1\ninv_1")}
    invoice.fail("card_declined", NOW)
    assert invoice.found_by
    invoice.cancel(NOW)
    assert not invoice.found_by


def test_what_is_paid_stays_paid(invoice):
    invoice.pay(LATER, occurred_at=NOW)

    for attempt in (
        lambda: invoice.retry(LATER),
        lambda: invoice.cancel(LATER),
        lambda: invoice.fail("card_declined", LATER),
        lambda: invoice.amend(LATER, due_at=LATER),
    ):
        with pytest.raises(InvoiceAlreadyPaid):
            attempt()
    invoice.amend(LATER, metadata={"order": "1"})
    assert (invoice.paid_at, invoice.metadata) == (NOW, {"order": "1"})


def test_what_is_canceled_is_neither_tried_again_nor_canceled_again(invoice):
    invoice.fail("card_declined", NOW)
    invoice.cancel(NOW)

    assert invoice.wakes_at is None
    for attempt in (lambda: invoice.retry(LATER), lambda: invoice.cancel(LATER)):
        with pytest.raises(WrongInvoiceStatus, match="an invoice that is canceled"):
            attempt()


@pytest.mark.parametrize("text", ["", "15", "m", "0m", "1.5h", "15s", "-1h", "15 m", "99999d"])
def test_what_is_no_delay_is_refused(text):
    with pytest.raises(ValueError, match="is not a delay"):
        span(text)


def test_a_policy_without_retries_gives_up_at_once():
    policy = RetryPolicy(delays=["7d"], max_retries=0, when_used_up="cancel")

    assert delay_after(policy, 0) is None
    assert span("7d") == timedelta(days=7)
