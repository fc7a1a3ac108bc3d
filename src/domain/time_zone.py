"""Time zones by their IANA names, old aliases included, and when a day of one begins."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

# Files beside the zones: the clock of this machine, the rules of a made-up one, and "not set".
_NO_ZONES: Final = {"localtime", "posixrules", "Factory"}
_REGIONS: Final = (
    *("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/"),
    *("Australia/", "Europe/", "Indian/", "Pacific/"),
)


class UnknownTimeZone(ValueError):  # noqa: N818 (an answer to the caller, like the refusals)
    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is not a time zone")


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name. Raises UnknownTimeZone."""
    if name not in _names():
        raise UnknownTimeZone(name)
    return ZoneInfo(name)


def places() -> list[str]:
    """The zones that people look for: by continent and city, without aliases of old."""
    return [*sorted(name for name in _names() if name.startswith(_REGIONS)), "UTC"]


def midnight(day: date, zone: tzinfo) -> datetime:
    """The first instant of a local day, in UTC, whatever the clocks do that night."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_ZONES)
