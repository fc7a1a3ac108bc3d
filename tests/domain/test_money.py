"""Currencies: which there are, and how amounts are written."""

import pytest

from domain.money import decimals, shown


@pytest.mark.parametrize(
    ("currency", "places"), [("JPY", 0), ("XOF", 0), ("UGX", 0), ("GHS", 2), ("KWD", 3)]
)
def test_a_currency_has_the_decimals_of_iso_4217(currency, places):
    assert decimals(currency) == places


@pytest.mark.parametrize("code", ["XXX", "GH", "ghs", "", "€"])
def test_what_is_no_currency_of_payments_is_refused(code):
    with pytest.raises(ValueError):  # noqa: PT011 (the library's sentence is its own)
        decimals(code)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(301, "GHS", "3.01 GHS"), (1500, "JPY", "1,500 JPY"), (1, "KWD", "0.001 KWD")],
)
def test_an_amount_is_shown_as_people_write_it(amount, currency, text):
    assert shown(amount, currency) == text
