"""Currencies: how many decimals each has (ISO 4217), and until when those withdrawn were money."""

from datetime import datetime
from decimal import Decimal
from functools import cache

from iso4217 import Currency

from domain.errors import RuleBroken
from domain.withdrawn_currencies import LAST_MONTHS, WITHOUT_DECIMALS

# The largest amount of one payment, in minor units: a million million, so that a sum of
# nine million of the largest still fits the 64-bit integers of every database.
LARGEST_AMOUNT = 10**12


class CurrencyWithdrawn(RuleBroken):
    code = "invalid_currency"

    def __init__(self, currency: str) -> None:
        until = LAST_MONTHS.get(currency)
        super().__init__(
            f"{currency} was money until {until}: what was paid in it then is recorded with its "
            "occurred_at"
            if until
            else f"{currency} is not a currency payments are made in",
            field="currency",
        )


@cache
def decimals(currency: str) -> int:
    """Number of decimals of a currency (JPY 0, GHS 2, KWD 3), also of one that was withdrawn.

    Raises ValueError for anything that is not an ISO 4217 code payments are or were made in.
    """
    if currency in LAST_MONTHS:
        return 0 if currency in WITHOUT_DECIMALS else 2
    exponent = Currency(currency).exponent
    if exponent is None:
        raise ValueError(f"{currency} is not a currency payments are made in")
    return int(exponent)


def is_money(currency: str, at: datetime) -> bool:
    """Whether a currency was money at a moment: when it went counts, not when it came."""
    until = LAST_MONTHS.get(currency)
    if until is None:
        return has_decimals(currency)
    return f"{at:%Y-%m}" <= until


def must_be_money(currency: str, at: datetime) -> None:
    """Refuses with a CurrencyWithdrawn what nobody can have been asked for at that moment."""
    if not is_money(currency, at):
        raise CurrencyWithdrawn(currency)


def shown(amount: int, currency: str) -> str:
    """An amount in minor units, as people write it: ``shown(301, "GHS") == "3.01 GHS"``.

    What is recorded in a currency nobody knows any more is shown in its minor units, and says so.
    """
    if not has_decimals(currency):
        return f"{amount:,} minor units of {currency}"
    places = decimals(currency)
    return f"{Decimal(amount).scaleb(-places):,.{places}f} {currency}"


@cache
def has_decimals(currency: str) -> bool:
    """Whether it is, or was, a currency payments are made in."""
    try:
        decimals(currency)
    except ValueError:
        return False
    return True
