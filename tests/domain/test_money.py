"""Currencies: which there are, and how amounts are written."""

from datetime import UTC, datetime

import pytest
from iso4217 import Currency

from domain.money import CurrencyWithdrawn, decimals, is_money, must_be_money, shown
from domain.withdrawn_currencies import LAST_MONTHS

# What could be paid in when this was written: once the list loses one of them, its last month
# belongs among those withdrawn.
CURRENT = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP
    BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN
    ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK
    JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP
    PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
    SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV
    WST XAD XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""


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


def test_an_amount_of_a_currency_nobody_knows_is_shown_as_it_is_kept():
    assert shown(150000, "QQQ") == "150,000 minor units of QQQ"


@pytest.mark.parametrize(
    ("currency", "places"),
    [
        *(("HRK", 2), ("BGN", 2), ("LTL", 2), ("ZWL", 2), ("MRO", 2), ("STD", 2), ("SLL", 2)),
        *(("GHC", 2), ("BYR", 0), ("ITL", 0), ("TRL", 0)),
    ],
)
def test_a_withdrawn_currency_keeps_its_decimals(currency, places):
    assert decimals(currency) == places


@pytest.mark.parametrize(
    ("currency", "last", "first_without"),
    [
        ("HRK", datetime(2023, 1, 14, tzinfo=UTC), datetime(2023, 2, 1, tzinfo=UTC)),
        ("BGN", datetime(2026, 1, 31, 23, 59, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        ("SLL", datetime(2023, 12, 31, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_was_money_is_money_until_its_last_month_is_over(currency, last, first_without):
    assert is_money(currency, last)
    assert not is_money(currency, first_without)
    with pytest.raises(CurrencyWithdrawn, match="was money until"):
        must_be_money(currency, first_without)


def test_every_currency_that_ever_was_on_the_list_is_still_known():
    listed = {currency.code for currency in Currency}

    assert set(CURRENT.split()) <= listed | LAST_MONTHS.keys()
    assert not listed & LAST_MONTHS.keys()
