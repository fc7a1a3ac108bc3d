"""Places: which countries there are."""

import pytest

from domain.places import countries, only_country


def test_a_country_has_a_code_and_a_name():
    assert countries()["GH"] == "Ghana"
    assert countries()["KE"] == "Kenya"
    assert len(countries()) == 249
    assert not countries().keys() & {"UK", "ZZ", "XX", "EU", "gh", ""}


@pytest.mark.parametrize(
    ("currency", "country"),
    [("GHS", "GH"), ("NGN", "NG"), ("KES", "KE"), ("UGX", "UG"), ("TZS", "TZ"), ("RWF", "RW")],
)
def test_a_currency_of_one_country_says_which(currency, country):
    assert only_country(currency) == country


@pytest.mark.parametrize(
    "currency", ["EUR", "XOF", "XAF", "USD", "GBP", "ZAR", "CHF", "ILS", "XAU", "nonsense"]
)
def test_a_currency_of_many_countries_or_none_says_nothing(currency):
    assert only_country(currency) is None
