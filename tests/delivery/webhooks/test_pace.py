"""Pace: what is old goes at a bounded rate, what is new at once."""

from datetime import UTC, datetime, timedelta

from delivery.webhooks.lanes import Delivery
from delivery.webhooks.pace import Pace
from ledger.append import StoredFact
from ledger.clock import written

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def recorded(ago):
    at = written(NOW - ago)
    return Delivery(StoredFact("org_1/test", 1, "s", 1, "t", "{}", "", at, b""), "cus_1")


def test_what_is_new_goes_at_once():
    pace = Pace(1, lambda: NOW, monotonic=lambda: 0.0)
    pace.begin_round(head=0)

    assert all(pace.may_go(recorded(timedelta(seconds=59))) for _ in range(1_000))


def test_what_is_old_goes_so_many_times_a_second():
    moment = [0.0]
    pace = Pace(100, lambda: NOW, monotonic=lambda: moment[0])

    gone = 0
    for _ in range(1_000):
        moment[0] += 0.01
        pace.begin_round(head=0)
        while pace.may_go(recorded(timedelta(minutes=2))):
            gone += 1

    assert 1_000 <= gone <= 1_025


def test_what_is_old_goes_so_many_times_more_than_is_recorded_meanwhile():
    moment = [0.0]
    pace = Pace(100, lambda: NOW, monotonic=lambda: moment[0])

    gone = 0
    for each in range(1_000):
        moment[0] += 0.01
        pace.begin_round(head=7 + 5 * each)
        while pace.may_go(recorded(timedelta(minutes=2))):
            gone += 1

    assert 6_000 - 10 <= gone <= 6_025


def test_beside_those_who_are_told_what_is_new_what_is_old_goes_no_faster():
    moment = [0.0]
    pace = Pace(100, lambda: NOW, monotonic=lambda: moment[0])

    gone = 0
    for each in range(1_000):
        moment[0] += 0.01
        pace.begin_round(head=7 + 5 * each)
        assert all(pace.may_go(recorded(timedelta(0))) for _ in range(5))
        while pace.may_go(recorded(timedelta(minutes=2))):
            gone += 1

    assert 1_000 - 10 <= gone <= 1_025


def test_it_says_when_the_next_may_go():
    pace = Pace(10, lambda: NOW, monotonic=lambda: 0.0)
    pace.begin_round(head=0)
    while pace.may_go(recorded(timedelta(hours=1))):
        pass

    assert 0 < pace.seconds_until_next <= 0.1
