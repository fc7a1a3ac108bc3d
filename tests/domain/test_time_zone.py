from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.time_zone import UnknownTimeZone, midnight, zone_of


@pytest.mark.parametrize("name", ["Africa/Accra", "UTC", "US/Pacific", "Asia/Calcutta", "GMT+0"])
def test_a_time_zone_is_known_by_any_of_its_names(name):
    assert zone_of(name) == ZoneInfo(name)


@pytest.mark.parametrize(
    "name",
    [
        *("Nowhere/City", "", "../etc/passwd", "America", "/etc/passwd", "africa/accra"),
        *("localtime", "posixrules", "Factory", "posix/Africa/Accra", "right/UTC", "tzdata.zi"),
    ],
)
def test_what_is_not_a_time_zone_is_refused(name):
    with pytest.raises(UnknownTimeZone):
        zone_of(name)


@given(
    at=st.datetimes(
        datetime(2012, 1, 1),  # noqa: DTZ001 (hypothesis takes bounds without a zone)
        datetime(2037, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    zone=st.timezones(),
)
def test_a_moment_is_in_the_day_that_the_clocks_of_its_zone_show(at, zone):
    day: date = at.astimezone(zone).date()

    assert midnight(day, zone) <= at < midnight(day + timedelta(days=1), zone)
