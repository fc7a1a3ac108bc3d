"""Places: the countries there are, by ISO 3166."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from iso4217 import Currency

# One country's in ISO 4217, and what people pay with in Palestine as well.
_ALSO_ELSEWHERE: Final = frozenset({"ILS", "JOD"})

# The country of a payment of which nobody said one (contract part 3, row 7). Of a currency that
# many pay in it is a guess, and no number is read by it.
_USUAL: Final = {
    "GHS": "GH",
    "NGN": "NG",
    "KES": "KE",
    "UGX": "UG",
    "TZS": "TZ",
    "ZAR": "ZA",
    "XOF": "CI",
    "XAF": "CM",
    "USD": "US",
    "EUR": "DE",
    "GBP": "GB",
}


@cache
def countries() -> Mapping[str, str]:
    """The code of every country, with its usual English name: ``countries()["GH"] == "Ghana"``.

    Source: ``iso3166.tab``, which comes with the time zones.
    """
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))


@cache
def only_country(currency: str) -> str | None:
    """The country of a currency that no other country has: GHS is Ghana's, EUR is many's.

    By ISO 4217, whose codes begin with the country's own (ISO 3166), or with an X.
    """
    try:
        used_in = Currency(currency).country_names
    except ValueError:
        return None
    code = currency[:2]
    is_one = len(used_in) == 1 and code in countries() and currency not in _ALSO_ELSEWHERE
    return code if is_one else None


def usual_country(currency: str) -> str | None:
    """Where a payment is counted of which nobody said where it was made."""
    return _USUAL.get(currency)


def is_guessed(country: str | None, currency: str) -> bool:
    """Whether the country of a payment may be the usual one of its currency, and no more."""
    return country == usual_country(currency) and only_country(currency) is None
