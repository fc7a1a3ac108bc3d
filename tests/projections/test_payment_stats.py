from datetime import timedelta

import pytest

from projections.failed_attempts import failure_breakdown
from projections.payment_latency import payment_latency
from projections.payment_movements import MovementFilter
from projections.payment_stats import payment_stats
from projections.periods import start_of


def stats(shop, start=None, end=None, **asked):
    return shop.ask(payment_stats, MovementFilter(**asked), start=start, end=end)


def prepare(shop):
    shop.pay(None, 1000, provider="hubtel", method="mobile_money", country="GH")
    shop.pay(None, 500, provider="paystack", method="card", country="NG")
    shop.pay(None, 500, provider="paystack", method="card", country="GH")
    shop.decline(None, amount=900, method="card")
    shop.create(None, 800, method="card")
    shop.pay(None, 77, currency="USD", method="card")


def test_everything_is_counted_in_one_named_currency(shop):
    prepare(shop)

    found = stats(shop)

    assert found.currency == "GHS"
    assert (found.totals.created, found.totals.succeeded, found.totals.failed) == (5, 3, 1)
    assert (found.totals.amount, found.pending_count, found.success_rate) == (2000, 1, 0.75)
    assert [(each.key, each.count, each.amount) for each in found.by_provider] == [
        ("paystack", 2, 1000),
        ("hubtel", 1, 1000),
    ]
    assert [(each.key, each.count, each.amount) for each in found.by_method] == [
        ("card", 2, 1000),
        ("mobile_money", 1, 1000),
    ]
    assert [each.currency for each in found.totals_by_currency] == ["GHS", "USD"]


@pytest.mark.parametrize(
    ("asked", "created", "amount"),
    [
        ({"currency": "USD"}, 1, 77),
        ({"country": "GH"}, 2, 1500),
        ({"method": "card"}, 4, 1000),
        ({"provider": "paystack"}, 2, 1000),
        ({"status": "succeeded"}, 3, 2000),
        ({"status": "failed"}, 1, 0),
        ({"status": "pending"}, 1, 0),
        ({"country": "GH", "method": "card"}, 1, 500),
        ({"source": "api"}, 5, 2000),
        ({"source": "subscription"}, 0, 0),
    ],
)
def test_each_filter_narrows_all_figures_over_all_time_and_in_a_range(shop, asked, created, amount):
    prepare(shop)
    ranges = [
        (None, None),
        (shop.now - timedelta(days=3), None),
        (shop.now, shop.now + timedelta(seconds=1)),
        (shop.now - timedelta(days=3), shop.now + timedelta(days=3)),
    ]

    for start, end in ranges:
        found = stats(shop, start, end, **asked)
        assert (found.totals.created, found.totals.amount) == (created, amount)


def test_the_ends_of_a_range_are_exact(shop):
    start, end = shop.now - timedelta(days=3), shop.now + timedelta(days=3)
    tick = timedelta(microseconds=1)
    for amount, at in ((1, start - tick), (10, start), (100, shop.now), (1000, end - tick)):
        shop.pay(None, amount, at=at)
    payment = shop.pay(None, 10_000, at=end - tick)
    shop.pay(None, 100_000, at=end)
    payment.refund("ref_1", 5, shop.now, occurred_at=end - tick)
    payment.refund("ref_2", 7, shop.now, occurred_at=end)
    shop.record(payment)

    found = stats(shop, start, end).totals

    assert (found.amount, found.succeeded) == (11_110, 4)
    assert (found.refund_count, found.refunded_amount) == (1, 5)
    assert stats(shop, start).totals.amount == 111_110
    assert stats(shop, end=end).totals.amount == 11_111


def test_a_period_is_so_many_days_until_now(shop):
    assert start_of("day", shop.now) == shop.now - timedelta(days=1)
    assert start_of("week", shop.now) == shop.now - timedelta(days=7)
    assert start_of("month", shop.now) == shop.now - timedelta(days=30)
    assert start_of("all", shop.now) is None
    assert start_of("all_time", shop.now) is None


def test_an_empty_book_has_zeros_and_no_currency(shop):
    found = stats(shop)

    assert (found.currency, found.totals.created, found.success_rate) == (None, 0, 0)
    assert (found.by_provider, found.by_method, found.totals_by_currency) == ([], [], [])


def test_latency_is_the_time_from_created_to_succeeded(shop):
    for seconds in (0, 0.2, 3, 3, 90_000):
        payment = shop.create(None)
        payment.collect(shop.now, occurred_at=shop.now + timedelta(seconds=seconds))
        shop.record(payment)
    shop.decline(None)

    found = shop.ask(payment_latency)

    counts = {each.bucket: each.count for each in found.buckets if each.count}
    assert counts == {"0-100ms": 1, "100-500ms": 1, "1-5s": 2, "over 1d": 1}
    assert found.average_milliseconds == 18_001_240
    later = shop.ask(payment_latency, start=shop.now + timedelta(hours=1))
    assert sum(each.count for each in later.buckets) == 1


def test_what_succeeded_before_it_was_recorded_here_took_no_time(shop):
    # Releases before this one recorded that, and what they recorded is read for ever.
    payment = shop.create(None)
    payment.collect(shop.now)
    vars(payment.pending_events[-1])["occurred_at"] = shop.now - timedelta(days=400)
    shop.record(payment)

    found = shop.ask(payment_latency)

    assert {each.bucket: each.count for each in found.buckets if each.count} == {"0-100ms": 1}
    assert found.average_milliseconds == 0


def test_failures_are_counted_by_what_the_provider_said(shop):
    shop.decline(None)
    again = shop.decline(None)
    again.retry(shop.later(hours=1))
    again.fail("timeout", "the provider did not answer", shop.now)
    shop.record(again)

    told = shop.ask(failure_breakdown)
    assert [(each.error_message, each.count) for each in told] == [
        ("the bank declined the card", 2),
        ("the provider did not answer", 1),
    ]
    since = shop.ask(failure_breakdown, start=shop.now, end=shop.now + timedelta(seconds=1))
    assert [each.count for each in since] == [1]
    assert len(shop.ask(failure_breakdown, end=shop.now)) == 1
