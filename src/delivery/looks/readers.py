"""Readers: who looks at a page, and how amounts and moments are written for them."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from domain.money import decimals, has_decimals, shown
from domain.time_zone import zone_of

_USUAL: Final = "en"
_LONGEST_HEADER: Final = 200
_TAG: Final = re.compile(r"([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)(?:\s*;\s*q=([01](?:\.[0-9]*)?))?")


@dataclass(frozen=True)
class Reader:
    """``locale``: by whose habits figures are written; the words are English."""

    locale: str = _USUAL

    def money(self, amount: int, currency: str) -> str:
        """An amount in minor units, nothing rounded: GHS 1,250.50, or 1.250,50 GHS.

        The currency is its code, which is one currency's; a sign may be many's. What is below zero
        begins with its minus.
        """
        if amount < 0:
            return f"-{self.money(-amount, currency)}"
        if not has_decimals(currency):
            return shown(amount, currency)
        figure = self.figure(amount, currency)
        _, code_first = _pattern(self.locale, decimals(currency))
        parts = (currency, figure) if code_first else (figure, currency)
        return "\N{NO-BREAK SPACE}".join(parts)

    def figure(self, amount: int, currency: str) -> str:
        """The same without its currency: 1,250.50, or 1.250,50."""
        if not has_decimals(currency):
            return str(amount)
        pattern, _ = _pattern(self.locale, decimals(currency))
        return _written(Decimal(amount).scaleb(-decimals(currency)), pattern, self.locale)


def reader_of(accept_language: str | None) -> Reader:
    """Who sent this header, as far as it says."""
    return _reader((accept_language or "")[:_LONGEST_HEADER])


def reader_in(country: str | None) -> Reader:
    """Somebody who reads English and lives in a country (ISO 3166), as far as anybody said it."""
    return _reader(f"en-{country}" if country else "")


def moment_shown(moment: str, zone: str | None) -> str:
    """28 November 2026, 14:05 GMT: an RFC 3339 moment in a zone, in UTC where nobody said one.

    Its zone stands on the line of its time, however narrow that is.
    """
    there = datetime.fromisoformat(moment).astimezone(zone_of(zone or "UTC"))
    return f"{there.day} {there:%B %Y, %H:%M}\N{NO-BREAK SPACE}{there:%Z}"


@lru_cache(maxsize=1024)
def _reader(accept_language: str) -> Reader:
    found = _TAG.findall(accept_language)
    wanted = sorted(found, key=lambda tag: -float(tag[1] or 1))
    return next((Reader(known) for tag, _ in wanted if (known := _known(tag))), Reader())


def _known(tag: str) -> str | None:
    """The locale of a language tag, or of its language; None for one that nobody describes."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 (large: with the first page)

    for name in (tag, tag.partition("-")[0]):
        try:
            return str(Locale.parse(name, sep="-"))
        except (UnknownLocaleError, ValueError):
            continue
    return None


@lru_cache(maxsize=1024)
def _pattern(locale: str, places: int) -> tuple[str, bool]:
    """How figures are grouped there, with so many decimals, and whether a currency goes before."""
    from babel import Locale  # noqa: PLC0415 (large: with the first page)

    habits = Locale.parse(locale)
    whole = habits.decimal_formats[None].pattern.partition(".")[0]
    code_first = "¤" in habits.currency_formats["standard"].prefix[0]
    return whole + ("." + "0" * places if places else ""), code_first


# A page of figures has many of them more than once, and is looked at more than once.
@lru_cache(maxsize=4096)
def _written(figure: Decimal, pattern: str, locale: str) -> str:
    from babel.numbers import format_decimal  # noqa: PLC0415 (large: with the first page)

    return format_decimal(figure, pattern, locale)
