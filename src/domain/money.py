"""Currencies, and how many decimals each has (ISO 4217)."""

from decimal import Decimal
from functools import cache

from iso4217 import Currency

# The largest amount of one payment, in minor units: a million million, so that a sum of
# nine million of the largest still fits the 64-bit integers of every database.
LARGEST_AMOUNT = 10**12


@cache
def decimals(currency: str) -> int:
    """Number of decimals of a currency (JPY 0, GHS 2, KWD 3).

    Raises ValueError for anything that is not an ISO 4217 code payments are made in.
    """
    exponent = Currency(currency).exponent
    if exponent is None:
        raise ValueError(f"{currency} is not a currency payments are made in")
    return int(exponent)


def shown(amount: int, currency: str) -> str:
    """An amount in minor units, as people write it: ``shown(301, "GHS") == "3.01 GHS"``."""
    places = decimals(currency)
    return f"{Decimal(amount).scaleb(-places):,.{places}f} {currency}"
