"""Whose mobile money a number has, by how it begins."""

import pytest

from domain.mobile_money import networks
from domain.network_prefixes import network_of, network_prefixes
from domain.places import countries


@pytest.mark.parametrize(
    ("number", "country", "network"),
    [
        ("+233241234567", "GH", "mtn"),
        ("+233201234567", None, "telecel"),
        ("+233271234567", "GH", "airteltigo"),
        ("+233281234567", "GH", None),
        ("+254712345678", "KE", "mpesa"),
        ("+254733123456", "KE", "airtel"),
        ("+254744123456", "KE", None),
        ("+2348031234567", "NG", "mtn"),
        ("+261341234567", "MG", "mvola"),
        ("+255671234567", "TZ", "mixx"),
        ("+2250707123456", "CI", None),
        ("+4915112345678", "DE", None),
        ("+233241234567", "KE", None),
        ("024 123 4567", "GH", None),
        ("", "GH", None),
    ],
)
def test_a_number_tells_whose_it_is_where_networks_have_numbers_of_their_own(
    number, country, network
):
    assert network_of(number, country, "GHS") == network


def test_every_network_has_numbers_but_where_wallets_go_by_any_number():
    nameless = {
        country: [*networks(country, "")]
        for country in countries()
        if set(networks(country, "")) - set(network_prefixes(country).values())
    }

    assert nameless.keys() == {"CI", "ML", "SN"}
    assert all("wave" in offered for offered in nameless.values())
