"""Typed amounts: what people write into a field for an amount, and what it can mean.

Half of the world parts thousands with a point and half with a comma. What can be read in two ways
is asked about, never guessed.
"""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from api.http.errors import InvalidInput
from domain.money import decimals, has_decimals, shown

# An apostrophe parts thousands and nothing else; the rest are commas and points of other scripts.
_OURS: Final = str.maketrans("\u2019\u02bc\u066c\uff0c\uff0e\u066b", "''',..")
# What is long or written with an exponent is no amount, and would take for ever to work out.
_PLAIN: Final = re.compile(r"[0-9]{1,13}(\.(?P<decimals>[0-9]+))?")
_ENGLISH: Final = re.compile(
    r"[1-9][0-9]{0,2}([, '])[0-9]{3}(\1[0-9]{3}){0,3}(\.(?P<decimals>[0-9]+))?"
)
_GERMAN: Final = re.compile(
    r"[1-9][0-9]{0,2}([. '])[0-9]{3}(\1[0-9]{3}){0,3}(,(?P<decimals>[0-9]+))?"
)
_OF_CENTS: Final = 2
_IN_DOUBT: Final = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")


class AmountInDoubt(InvalidInput):
    """``readings``: the amounts that may be meant in minor units, with how each is written."""

    def __init__(self, typed: str, readings: Mapping[int, str], either: str) -> None:
        super().__init__(
            "amount", f"“{typed}” can be read as {either}: say which is meant", "invalid_amount"
        )
        self.typed = typed
        self.readings = readings


def minor_units(typed: str, currency: str, *, meant: str = "") -> int | None:
    """What was typed, in minor units, or None for nothing.

    ``meant`` is one of the readings, chosen by whoever was asked. Raises InvalidInput, and
    AmountInDoubt for what can mean two things.
    """
    plain = _plain(typed)
    if not plain:
        return None
    if not has_decimals(currency):
        raise InvalidInput("amount", f"cannot be paid in {currency}", "invalid_currency")
    if _IN_DOUBT.fullmatch(plain) and not _has_thousands(plain, currency):
        return _chosen(plain, currency, meant)
    amount = _certain(plain, currency)
    if amount is None:
        example = written_like(currency)
        raise InvalidInput(
            "amount", f"is not an amount in {currency}: write it like {example}", "invalid_amount"
        )
    return amount


def written_like(currency: str) -> str:
    """An amount in a currency, as an example."""
    return str(Decimal("1234.500").quantize(Decimal(1).scaleb(-decimals(currency))))


def _plain(typed: str) -> str:
    """The digits and signs of any script as ours, every blank as a space."""
    seen = (sign for sign in typed.translate(_OURS) if unicodedata.category(sign) != "Cf")
    ours = (str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in seen)
    return "".join(" " if sign.isspace() else sign for sign in ours).strip()


def _has_thousands(plain: str, currency: str) -> bool:
    """Whoever has a comma before the cents writes two of them, never three."""
    return "," in plain and decimals(currency) == _OF_CENTS


def _certain(plain: str, currency: str) -> int | None:
    for shape, thousands, point in ((_PLAIN, "", "."), (_ENGLISH, ",", "."), (_GERMAN, ".", ",")):
        match = shape.fullmatch(plain)
        if match is not None:
            # Three digits after a sign are thousands to many, unless the currency has as many.
            if len(match["decimals"] or "") > max(2, decimals(currency)):
                return None
            for sign in (thousands, " ", "'"):
                plain = plain.replace(sign, "") if sign else plain
            return _whole(Decimal(plain.replace(point, ".")), currency)
    return None


def _chosen(plain: str, currency: str, meant: str) -> int:
    """What was meant by a number with one sign before its last three digits."""
    thousands, small = Decimal(re.sub("[.,]", "", plain)), Decimal(plain.replace(",", "."))
    readings: dict[int, str] = {}
    either: list[str] = []
    for amount in (thousands, small):
        minor = _whole(amount, currency)
        words = f"{amount} {currency}" if minor is None else shown(minor, currency)
        either.append(words)
        if minor is not None:
            readings[minor] = words
    if meant in map(str, readings):
        return int(meant)
    raise AmountInDoubt(plain, readings, " or as ".join(either))


def _whole(amount: Decimal, currency: str) -> int | None:
    minor = amount.scaleb(decimals(currency))
    return int(minor) if minor == minor.to_integral_value() else None
