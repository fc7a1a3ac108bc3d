"""Health: when an endpoint is down, how often it is probed, and for how long it has failed."""

from datetime import UTC, datetime, timedelta

from delivery.cursors import Cursor
from delivery.webhooks.health import Health

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
CURSOR = Cursor("org_1/test", "we_1", "live", 0)


def test_failures_of_three_customers_in_a_row_are_the_endpoint():
    health = Health(CURSOR)

    health.failed("cus_1", "500", NOW)
    health.failed("cus_1", "500", NOW)
    health.failed("cus_2", "500", NOW)
    assert not health.is_down
    health.failed("cus_3", "500", NOW)

    assert health.is_down
    assert health.failing_since == NOW


def test_what_arrives_between_them_shows_that_it_is_there():
    health = Health(CURSOR)
    for number in range(10):
        health.failed(f"cus_{number}", "500", NOW)
        health.failed("cus_x", "500", NOW)
        assert not health.is_down
        health.succeeded()

    assert health.failing_since is None


def test_it_is_probed_less_and_less_often_and_every_five_minutes_at_least():
    health, pauses = Health(CURSOR), []
    for _ in range(30):
        health.is_away("no connection", NOW)
        pauses.append(int((health.next_probe_at - NOW).total_seconds()))

    assert pauses[:5] == [1, 2, 4, 8, 16]
    assert set(pauses[9:]) == {300}


def test_it_is_left_alone_for_as_long_as_it_asks():
    health = Health(CURSOR)

    health.is_away("too much at once", NOW, timedelta(seconds=90))

    assert health.next_probe_at == NOW + timedelta(seconds=90)


def test_what_is_asked_for_one_delivery_is_asked_for_all_once_three_customers_fail():
    health, pause = Health(CURSOR), timedelta(minutes=10)

    health.failed("cus_1", "503", NOW, pause)
    health.failed("cus_2", "503", NOW, pause)
    assert not health.is_down
    health.failed("cus_3", "503", NOW, pause)

    assert health.next_probe_at == NOW + pause


def test_it_is_remembered_in_the_row_of_its_cursor():
    health = Health(CURSOR)
    health.is_away("no connection", NOW)

    again = Health(health.in_row(CURSOR))

    assert (again.is_down, again.failing_since, again.error) == (True, NOW, "no connection")
    again.succeeded()
    assert again.in_row(CURSOR) == CURSOR
