"""Spans: what the overview is about, and what that is compared with."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.http.errors import InvalidInput
from console.overview.spans import span_of

NOW = datetime(2026, 11, 28, 14, 5, 9, tzinfo=UTC)


def span(now=NOW, zone="UTC", **query):
    return span_of(query, now, ZoneInfo(zone))


def day(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("preset", "first", "first_before", "end_before", "granularity"),
    [
        ("today", "2026-11-28", "2026-11-27", "2026-11-27T14:15", "hour"),
        ("7d", "2026-11-22", "2026-11-15", "2026-11-21T14:15", "day"),
        ("30d", "2026-10-30", "2026-09-30", "2026-10-29T14:15", "day"),
        ("90d", "2026-08-31", "2026-06-02", "2026-08-30T14:15", "day"),
        ("12m", "2025-12-01", "2024-12-01", "2025-11-28T14:15", "month"),
    ],
)
def test_a_preset_ends_with_today_and_is_compared_with_as_much_of_the_time_before(
    preset, first, first_before, end_before, granularity
):
    found = span(preset=preset)

    assert (found.start, found.end) == (day(first), day("2026-11-29"))
    assert (found.start_before, found.end_before) == (day(first_before), day(end_before))
    assert (found.preset, found.granularity) == (preset, granularity)


def test_days_are_those_of_the_zone_whatever_the_clocks_do():
    # Two days after they went back.
    now = datetime(2026, 11, 3, 12, tzinfo=UTC)
    found = span(now, "America/New_York", preset="7d")

    assert found.start == day("2026-10-28", "America/New_York")
    assert found.end - found.start == timedelta(days=7, hours=1)
    # It was seven by the clocks of either day.
    assert found.end_before == datetime(2026, 10, 27, 11, tzinfo=UTC)


def test_the_year_before_a_leap_day_ends_with_the_last_of_february():
    found = span(datetime(2028, 2, 29, 12, tzinfo=UTC), preset="12m")

    assert found.end_before == datetime(2027, 2, 28, 12, tzinfo=UTC)


def test_what_is_no_preset_is_the_usual_one():
    assert span().preset == span(preset="century").preset == "30d"


@pytest.mark.parametrize(
    ("query", "first", "until", "first_before"),
    [
        ({"preset": "last_month"}, "2026-10-01", "2026-11-01", "2026-09-01"),
        ({"from": "2026-03-01", "to": "2026-04-01"}, "2026-03-01", "2026-04-01", "2026-02-01"),
        ({"from": "2026-01-01", "to": "2026-04-01"}, "2026-01-01", "2026-04-01", "2025-10-01"),
    ],
)
def test_whole_months_are_compared_with_the_months_before_however_long(
    query, first, until, first_before
):
    found = span(zone="America/New_York", **query)

    there = [day(each, "America/New_York") for each in (first, until, first_before)]
    assert [found.start, found.end, found.start_before] == there
    assert found.end_before == found.start


@pytest.mark.parametrize(
    ("first", "until", "granularity"),
    [
        ("2026-11-01", "2026-11-02", "hour"),
        ("2026-10-02", "2026-11-01", "day"),
        ("2026-01-02", "2026-11-01", "week"),
        ("2020-01-02", "2026-11-01", "month"),
    ],
)
def test_other_dates_are_compared_with_as_long_before_and_cut_by_how_long_that_is(
    first, until, granularity
):
    found = span(**{"from": first, "to": until, "preset": "7d"})

    assert (found.start, found.end, found.granularity) == (day(first), day(until), granularity)
    assert found.end_before == found.start
    assert found.start - found.start_before == found.end - found.start


def test_dates_without_an_end_go_on_until_today_is_over():
    assert span(**{"from": "2026-11-01"}).end == day("2026-11-29")
    assert span(to="2026-11-01").start == day("2026-10-02")


@pytest.mark.parametrize(
    ("first", "until", "field"),
    [
        ("2026-11-05", "2026-11-05", "to"),
        ("2026-11-05", "2026-11-01", "to"),
        ("the day before yesterday", "2026-11-01", "from"),
    ],
)
def test_dates_between_which_there_is_nothing_are_refused(first, until, field):
    with pytest.raises(InvalidInput) as refused:
        span(**{"from": first, "to": until})

    assert refused.value.details["field"] == field
