"""Places: which countries and time zones there are."""

import pytest

from domain.places import countries, time_zones


def test_a_country_has_a_code_and_a_name():
    assert countries()["GH"] == "Ghana"
    assert countries()["KE"] == "Kenya"
    assert len(countries()) == 249
    assert not countries().keys() & {"UK", "ZZ", "XX", "EU", "gh", ""}


@pytest.mark.parametrize("name", ["Africa/Accra", "Asia/Calcutta", "US/Eastern", "UTC", "GB"])
def test_a_zone_has_any_of_its_names(name):
    assert name in time_zones()


@pytest.mark.parametrize(
    "name",
    ["localtime", "posixrules", "Factory", "posix/Africa/Accra", "africa/accra", "GMT+5:30", ""],
)
def test_what_is_another_zone_elsewhere_or_none_at_all_is_no_zone(name):
    assert name not in time_zones()
