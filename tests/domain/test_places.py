"""Places: which countries there are."""

from domain.places import countries


def test_a_country_has_a_code_and_a_name():
    assert countries()["GH"] == "Ghana"
    assert countries()["KE"] == "Kenya"
    assert len(countries()) == 249
    assert not countries().keys() & {"UK", "ZZ", "XX", "EU", "gh", ""}
