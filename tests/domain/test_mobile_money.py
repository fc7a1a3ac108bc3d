"""Mobile money: which networks payers are asked about, and what each is called."""

import pytest

from domain.mobile_money import canonical_network, network_name, networks
from domain.places import countries


@pytest.mark.parametrize(
    ("country", "currency", "names"),
    [
        ("GH", "GHS", ["MTN", "Telecel", "AirtelTigo"]),
        ("KE", "KES", ["M-Pesa", "Airtel"]),
        ("NG", "NGN", ["MTN", "Airtel", "Glo", "9mobile"]),
        (None, "GHS", ["MTN", "Telecel", "AirtelTigo"]),
        ("GH", "USD", ["MTN", "Telecel", "AirtelTigo"]),
        ("DE", "EUR", []),
        (None, "USD", []),
    ],
)
def test_payers_are_asked_about_the_networks_of_their_country(country, currency, names):
    assert list(networks(country, currency).values()) == names


def test_where_a_currency_is_of_several_countries_the_networks_of_all_may_be_meant():
    assert {"orange", "mtn", "moov", "wave", "celtiis"} <= networks(None, "XOF").keys()
    assert "celtiis" not in networks("CI", "XOF")


@pytest.mark.parametrize(
    ("written", "kept", "name"),
    [
        ("mtn", "mtn", "MTN"),
        (" MTN ", "mtn", "MTN"),
        ("M-Pesa", "mpesa", "M-Pesa"),
        ("Airtel Tigo", "airteltigo", "AirtelTigo"),
        ("9mobile", "9mobile", "9mobile"),
        (" Another one", "Another one", "Another one"),
    ],
)
def test_a_network_has_one_name_however_it_is_written(written, kept, name):
    assert canonical_network(written) == kept
    assert network_name(kept) == name


def test_every_country_of_a_network_is_one():
    for country in countries():
        for network, name in networks(country, "USD").items():
            assert canonical_network(name) in {network, name}
