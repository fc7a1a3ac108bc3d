"""Writing: how amounts, counts, shares and moments stand on a page, for whoever reads it there.

Amounts and counts are by the reader's locale; moments by the clocks of a zone. What is shown as it
was at a moment of the past says dates, for "3 h ago" would be told from another now.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.numbers import format_decimal, format_percent

from delivery.looks.readers import Reader
from domain.money import decimals, has_decimals
from domain.time_zone import zone_of

# RFC 3339, as the API writes it, or read already.
Instant = str | datetime

_ABSENT: Final = "—"
_DAYS_AGO: Final = timedelta(days=7)
_STEPS: Final = (
    (timedelta(days=1), "d"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
)
_USUAL_DECIMALS: Final = 2
_WHOLE_SHARES: Final = (0, 1, -1)
_YESTERDAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Writer:
    """``now``: when it is read; ``zone``: an IANA name; ``past``: it is not the present."""

    reader: Reader
    now: datetime
    zone: str = "UTC"
    past: bool = False

    def money(self, amount: int | None, currency: str | None) -> str:
        """GHS 1,250.50: in a sentence; without an amount, or a currency, a dash."""
        if amount is None or currency is None:
            return _ABSENT
        return _with_minus(self.reader.money(amount, currency))

    def figure(self, amount: int, currency: str) -> str:
        """1,250.50: beside its currency, in a column."""
        return _with_minus(self.reader.figure(amount, currency))

    def count(self, number: int | None) -> str:
        if number is None:
            return _ABSENT
        return _counted(number, self.reader.locale)

    def share(self, part: float | None) -> str:
        """A fraction of 1, with one decimal: 31.2%, 25.0%; of nothing and of all, 0% and 100%."""
        if part is None:
            return _ABSENT
        return self._percent(part, "0" if part in _WHOLE_SHARES else "0.0")

    def progress(self, part: float | None) -> str:
        """How far something is that goes on while one looks: 25%, and 100% when it is done."""
        return _ABSENT if part is None else self._percent(int(100 * part) / 100, "0")

    def change(self, part: float) -> str:
        """The same of a difference, with its sign: +4.1%."""
        return ("+" if part > 0 else "") + self.share(part)

    def exactly(self, moment: Instant) -> str:
        """28 November 2026, 14:05:09 GMT."""
        there = self._there(moment)
        return f"{there.day} {there:%B %Y, %H:%M:%S} {_zone_name(there)}"

    def shortly(self, moment: Instant) -> str:
        """3 h ago, in 2 d; or 12 Oct, 12 Oct 2025 where that is clearer."""
        there = self._there(moment)
        distance = self.now - there
        if self.past or abs(distance) >= _DAYS_AGO:
            return self._dated(there)
        size = abs(distance)
        for step, unit in _STEPS:
            if size >= step:
                away = f"{size // step} {unit}"
                return f"{away} ago" if distance > timedelta() else f"in {away}"
        return "just now"

    def is_over(self, moment: Instant) -> bool:
        return self._there(moment) <= self.now

    def due(self, moment: Instant) -> str:
        """At 14:05:09, on 29 November 2026 at 14:05:09; of what is over: now."""
        there = self._there(moment)
        if there <= self.now:
            return "now"
        is_today = there.date() == self.now.astimezone(there.tzinfo).date()
        return f"{'' if is_today else f'on {self.day(there)} '}at {there:%H:%M:%S}"

    def at_the_clock(self, moment: Instant) -> str:
        """14:05, yesterday 14:05, Thursday 14:05: what stands beside `shortly`."""
        there = self._there(moment)
        days_ago = self.now.astimezone(there.tzinfo).date() - there.date()
        clock = f"{there:%H:%M}"
        if self.past or abs(self.now - there) >= _DAYS_AGO or not days_ago:
            return clock
        return f"yesterday {clock}" if days_ago == _YESTERDAY else f"{there:%A} {clock}"

    def looked_back_to(self, moment: Instant) -> str:
        """The same; where it is midnight, which day that ends."""
        there = self._there(moment)
        if there.time() != time():
            return self.exactly(moment)
        before = there.date() - timedelta(days=1)
        return f"the end of {before.day} {before:%B %Y} (midnight, {_zone_name(there)})"

    def shortly_looked_back_to(self, moment: Instant) -> str:
        """End of 31 Oct; what is no midnight as ever."""
        there = self._there(moment)
        if there.time() != time():
            return self.shortly(moment)
        return f"End of {self._dated(there - timedelta(days=1))}"

    def day(self, moment: Instant) -> str:
        """28 November 2026: the day it was there."""
        there = self._there(moment)
        return f"{there.day} {there:%B %Y}"

    def since(self, moment: Instant) -> str:
        """28 November 2026, where the day begins then; else to the second."""
        return self.day(moment) if self._there(moment).time() == time() else self.exactly(moment)

    def typed_day(self, typed: str) -> str | None:
        """2026-11-28, where that is typed, or the moment at which that day begins there.

        Nothing where nothing is; None of anything else.
        """
        if not typed:
            return ""
        try:
            moment = datetime.fromisoformat(typed)
        except ValueError:
            return None
        there = moment if moment.tzinfo is None else self._there(moment)
        return there.date().isoformat() if there.time() == time() else None

    def bucket(self, start: Instant, length: str) -> str:
        """14:00, 28 Nov, Nov 2026: an hour, a day or a week, a month, by its beginning."""
        there = self._there(start)
        match length:
            case "hour":
                return f"{there:%H:%M}"
            case "month":
                return f"{there:%b %Y}"
            case _:
                return f"{there.day} {there:%b}"

    def clock(self, moment: Instant) -> str:
        """14:05: beside the day."""
        return f"{self._there(moment):%H:%M}"

    def _percent(self, part: float, digits: str) -> str:
        pattern = Locale.parse(self.reader.locale).percent_formats[None].pattern
        written = format_percent(part, pattern.replace("0", digits), self.reader.locale)
        return _with_minus(written)

    def _dated(self, there: datetime) -> str:
        this_year = there.year == self.now.astimezone(there.tzinfo).year
        return f"{there.day} {there:%b}" if this_year else f"{there.day} {there:%b %Y}"

    def _there(self, moment: Instant) -> datetime:
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return at.astimezone(zone_of(self.zone))


def missing_decimals(currency: str) -> int:
    """By how many decimals an amount is shorter than most: a column leaves so much room."""
    places = decimals(currency) if has_decimals(currency) else _USUAL_DECIMALS
    return max(_USUAL_DECIMALS - places, 0)


@lru_cache(maxsize=4096)
def _counted(number: int, locale: str) -> str:
    return _with_minus(format_decimal(number, locale=locale))


def _with_minus(figure: str) -> str:
    return figure.replace("-", "\N{MINUS SIGN}")


def _zone_name(there: datetime) -> str:
    """GMT, EAT; of a zone that has no letters, UTC+05:45."""
    name = there.strftime("%Z")
    return name if name.isalpha() else f"UTC{name}"
