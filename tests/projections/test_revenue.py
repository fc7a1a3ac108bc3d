from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.time_zone import midnight
from projections.payment_movements import Moved
from projections.revenue import revenue_series
from projections.time_buckets import TooManyBuckets


def series(shop, start, end, **asked):
    return shop.ask(revenue_series, start=start, end=end, **asked).buckets


def days(shop, zone, first, last, **asked):
    """Whole local days from midnight to midnight."""
    place = ZoneInfo(zone)
    start = midnight(datetime.fromisoformat(first).date(), place)
    end = midnight(datetime.fromisoformat(last).date(), place)
    return series(shop, start, end, zone=place, **asked)


def test_revenue_belongs_to_the_day_it_came_and_a_refund_to_the_day_it_went(shop):
    payment = shop.pay(None, 1000)
    payment.refund("ref_1", 300, shop.later(days=1))
    payment.open_a_dispute("dp_1", 200, shop.now)
    payment.resolve_the_dispute("lost", shop.later(days=1))
    shop.record(payment)
    shop.decline(None)

    first, second, third = days(shop, "UTC", "2026-06-15", "2026-06-18")

    assert (first.totals.created, first.totals.succeeded, first.totals.amount) == (1, 1, 1000)
    assert (second.totals.refund_count, second.totals.refunded_amount) == (1, 300)
    assert (second.totals.amount, second.totals.net_amount) == (0, -300)
    assert (third.totals.disputed_amount, third.totals.failed) == (200, 1)


def test_a_payment_tried_again_leaves_the_failure_in_the_day_it_happened(shop):
    payment = shop.decline(None, amount=500)
    payment.retry(shop.later(days=1))
    payment.collect(shop.now)
    shop.record(payment)

    first, second = days(shop, "UTC", "2026-06-15", "2026-06-17")

    assert (first.totals.failed, first.totals.succeeded) == (1, 0)
    assert (second.totals.failed, second.totals.succeeded) == (0, 1)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-11-01", 25),
        ("Africa/Accra", "2026-06-15", 24),
        ("Asia/Kathmandu", "2026-06-15", 24),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("America/Havana", "2026-11-01", 25),
        ("US/Pacific", "2026-03-08", 23),
        ("Africa/Monrovia", "1970-06-15", 24),
    ],
)
def test_a_local_day_is_one_day_however_long_it_is(shop, zone, day, hours):
    date = datetime.fromisoformat(day).date()
    place = ZoneInfo(zone)
    start, end = midnight(date, place), midnight(date + timedelta(days=1), place)
    tick = timedelta(microseconds=1)
    shop.pay(None, 1, at=start - tick)
    shop.pay(None, 10, at=start)
    shop.pay(None, 100, at=end - tick)
    shop.pay(None, 1000, at=end)

    found = series(
        shop, start - timedelta(days=1), end + timedelta(days=1), zone=place, currency="GHS"
    )

    assert end - start == timedelta(hours=hours)
    assert {each.start: each.totals.amount for each in found}[start] == 110
    assert sum(each.totals.amount for each in found) == 1111


def test_a_day_that_the_clocks_left_out_has_no_bucket(shop):
    shop.pay(None, 100)

    found = days(shop, "Pacific/Apia", "2011-12-29", "2012-01-01")

    assert [each.end - each.start for each in found] == [timedelta(days=1)] * 2


def test_the_ends_of_a_range_are_exact(shop):
    start = shop.now + timedelta(minutes=7, seconds=1)
    end = shop.now + timedelta(hours=2, minutes=50, seconds=3)
    tick = timedelta(microseconds=1)
    for amount, at in (
        (1, start - tick),
        (10, start),
        (100, shop.now + timedelta(hours=1)),
        (1000, end - tick),
        (10_000, end),
    ):
        shop.pay(None, amount, at=at)

    (bucket,) = series(shop, start, end)

    assert (bucket.start, bucket.end) == (start, end)
    assert (bucket.totals.amount, bucket.totals.succeeded) == (1110, 3)


def test_a_range_within_one_quarter_of_an_hour_is_exact_too(shop):
    shop.pay(None, 10, at=shop.now + timedelta(minutes=1))
    shop.pay(None, 100, at=shop.now + timedelta(minutes=2))

    (bucket,) = series(shop, shop.now, shop.now + timedelta(minutes=2))

    assert bucket.totals.amount == 10


def test_weeks_begin_on_monday(shop):
    shop.pay(None, 100, at=datetime(2026, 6, 14, 23, 59, tzinfo=UTC))
    shop.pay(None, 1000, at=datetime(2026, 6, 15, tzinfo=UTC))

    found = days(shop, "UTC", "2026-06-10", "2026-06-24", granularity="week")

    assert [each.start.day for each in found] == [10, 15, 22]
    assert [each.totals.amount for each in found] == [100, 1000, 0]


def test_an_hour_is_one_of_the_clock_and_the_last_ends_with_the_range(shop):
    start = datetime(2026, 6, 15, 8, 20, tzinfo=UTC)
    shop.pay(None, 10, at=start + timedelta(minutes=54))
    shop.pay(None, 100, at=start + timedelta(minutes=55))

    found = series(
        shop,
        start,
        start + timedelta(hours=2),
        granularity="hour",
        zone=ZoneInfo("Asia/Kathmandu"),
    )

    assert [(each.start.minute, each.totals.amount) for each in found] == [
        (20, 10),
        (15, 100),
        (15, 0),
    ]


@pytest.mark.parametrize(
    ("zone", "first", "last", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", "2026-03-30", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-26", 25),
        # The clocks go back by half an hour: so there is half an hour more.
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-06", 25),
    ],
)
def test_a_day_has_as_many_hours_as_its_clocks_show(shop, zone, first, last, hours):
    shop.pay(None)

    found = days(shop, zone, first, last, granularity="hour")

    assert len(found) == hours
    assert [each.end for each in found[:-1]] == [each.start for each in found[1:]]


def test_months_are_those_of_the_calendar(shop):
    shop.pay(None, 10, at=datetime(2026, 1, 31, 23, 59, tzinfo=UTC))
    shop.pay(None, 100, at=datetime(2026, 2, 1, tzinfo=UTC))

    found = days(shop, "UTC", "2025-12-30", "2026-03-02", granularity="month")

    assert [(each.start.day, each.totals.amount) for each in found] == [
        (30, 0),
        (1, 10),
        (1, 100),
        (1, 0),
    ]


def test_a_range_may_be_left_whole(shop):
    shop.pay(None, 10)
    shop.pay(None, 100, at=shop.now - timedelta(days=5000))
    start, end = shop.now - timedelta(days=6000), shop.later(minutes=1)

    (bucket,) = series(shop, start, end, granularity="all")

    assert (bucket.start, bucket.end, bucket.totals.amount) == (start, end, 110)


def test_a_bucket_has_all_sources_and_is_what_they_add_up_to(shop):
    payment = shop.pay(None, 1000, source="payment_link", source_id="pl_1")
    payment.refund("ref_1", 300, shop.later(minutes=7))
    shop.record(payment)
    shop.pay(None, 70)
    shop.decline(None)

    (bucket,) = series(shop, shop.now - timedelta(hours=1), shop.later(minutes=1), by_source=True)

    assert bucket.by_source is not None
    assert {name: each.net_amount for name, each in bucket.by_source.items()} == {
        "api": 70,
        "payment_link": 700,
        "subscription": 0,
    }
    assert sum(bucket.by_source.values(), Moved()) == bucket.totals
    assert bucket.totals.success_rate == 2 / 3


def test_a_series_is_in_one_currency(shop):
    shop.pay(None, 100)
    shop.pay(None, 100)
    shop.pay(None, 7, currency="USD")
    start, end = shop.now - timedelta(days=1), shop.now + timedelta(days=1)

    found = shop.ask(revenue_series, start=start, end=end)

    assert (found.currency, found.currencies) == ("GHS", ["GHS", "USD"])
    assert found.totals.amount == sum(each.totals.amount for each in found.buckets) == 200
    dollars = shop.ask(revenue_series, start=start, end=end, currency="USD").buckets
    assert sum(each.totals.amount for each in dollars) == 7


def test_without_a_beginning_it_begins_with_what_happened_first(shop):
    shop.pay(None, 100, at=shop.now - timedelta(days=2))
    shop.pay(None, 100)

    found = series(shop, None, shop.now + timedelta(seconds=1))

    assert [each.totals.amount for each in found] == [100, 0, 100]
    assert found[0].start == shop.now - timedelta(days=2)


def test_an_empty_book_and_an_empty_range_have_no_buckets(shop):
    assert series(shop, shop.now, shop.now + timedelta(days=1)) == []
    shop.pay(None)
    assert series(shop, shop.now, shop.now) == []


def test_a_range_of_too_many_days_is_refused(shop):
    shop.pay(None)

    with pytest.raises(TooManyBuckets):
        series(shop, shop.now - timedelta(days=5000), shop.now)
