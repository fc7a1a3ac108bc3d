"""Moments: as of when a page is, and those by name that people look back to."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Final

from domain.time_zone import zone_of

# By which of the two an address asks, and how people say it.
WAYS: Final = {"known_at": "As it was known then", "as_of": "As it is known today"}

_DAY: Final = timedelta(days=1)
_LEAP_DAY: Final = (2, 29)


@dataclass(frozen=True)
class Preset:
    """``at`` is on the clocks of the page, as an address says it."""

    label: str
    at: str


@dataclass(frozen=True)
class Past:
    """The moment by which things had happened, and that by which it was known; None is now."""

    as_of: datetime | None
    known_at: datetime | None


@dataclass(frozen=True)
class Moment:
    """As of when a page is, as somebody has typed it, and the zone of its days (IANA)."""

    as_of: str | None
    known_at: str | None
    tz: str
    ways: ClassVar = WAYS

    def picked(self, moment: datetime | None) -> str:
        """As a field of a form takes it: on the clocks of the page."""
        if moment is None:
            return ""
        there = moment.astimezone(zone_of(self.tz)).replace(tzinfo=None)
        return there.isoformat(timespec="auto" if there.second or there.microsecond else "minutes")

    def said(self, way: str) -> str | None:
        """The moment by one of WAYS, where it is by that alone."""
        both = {"as_of": self.as_of, "known_at": self.known_at}
        return both[way] if None in both.values() else None

    def typed(self, moment: datetime | None) -> tuple[str, str]:
        """The day and the time of it that lead to this moment; no time for the end of a day."""
        if moment is None:
            return "", ""
        day, _, time = self.picked(moment).partition("T")
        return (f"{date.fromisoformat(day) - _DAY}", "") if time == "00:00" else (day, time)

    def instant(self, text: str) -> str:
        """The moment that somebody picked, on the clocks of the page, as the API takes it.

        Raises ValueError for what is none.
        """
        there = datetime.fromisoformat(text.strip())
        return (there if there.tzinfo else there.replace(tzinfo=zone_of(self.tz))).isoformat()

    @property
    def since(self) -> dict[str, str | None]:
        """By what to ask what has changed since: what was recorded, or what happened."""
        if self.known_at is not None:
            return {"since": self.known_at, "known_at": None}
        if self.as_of is not None:
            return {"since": self.as_of, "as_of": None, "by": "as_of"}
        return {}

    def presets(self, now: datetime) -> list[Preset]:
        """Each is the end of a day: so that many who look back share what is worked out once."""
        today = now.astimezone(zone_of(self.tz)).date()
        last_month = today.replace(day=1) - _DAY
        last_year = today.replace(month=1, day=1) - _DAY
        return [
            _end_of(today - _DAY, "End of yesterday"),
            _end_of(today - 7 * _DAY, "A week ago"),
            _end_of(_a_month_before(today), "A month ago"),
            _end_of(last_month, f"End of {last_month:%B}"),
            _end_of(last_year, f"End of {last_year.year}"),
            _end_of(_a_year_before(today), "A year ago"),
        ]


def _end_of(day: date, label: str) -> Preset:
    return Preset(label, f"{day + _DAY}T00:00")


def _a_month_before(day: date) -> date:
    last = day.replace(day=1) - _DAY
    return last.replace(day=min(day.day, last.day))


def _a_year_before(day: date) -> date:
    if (day.month, day.day) == _LEAP_DAY:
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def typed_moment(day: str, time: str | None) -> str:
    """A day and a time of it as an address says them; without a time the end of the day.

    What is no day stays as it is, to be refused as such.
    """
    if time is not None:
        return f"{day}T{time}"
    try:
        return f"{date.fromisoformat(day) + _DAY}T00:00"
    except (ValueError, OverflowError):
        return day
