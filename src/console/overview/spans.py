"""Spans: the time that the overview is about, cut into buckets, and the time before it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, ValidationError

from api.http.errors import InvalidInput, from_validation
from api.http.query_fields import Instant
from domain.time_zone import midnight

Granularity = Literal["hour", "day", "week", "month"]

USUAL: Final = "30d"
YEAR: Final = "12m"
CUSTOM: Final = "custom"
LAST_MONTH: Final = "last_month"
PRESETS: Final = {
    "today": "Today",
    "7d": "7 days",
    "30d": "30 days",
    LAST_MONTH: "Last month",
    "90d": "90 days",
    YEAR: "12 months",
}
_DAY: Final = timedelta(days=1)
_LEAST: Final = timedelta(microseconds=1)
_DAYS_WITHOUT_A_START: Final = timedelta(days=30)
_DAYS: Final = {"today": 1, "7d": 7, "30d": 30, "90d": 90}
_MONTHS: Final = 12

# So long is told in hours, in days, in weeks; what is longer, in months.
_LONGEST: Final[dict[Granularity, timedelta]] = {
    "hour": timedelta(days=2),
    "day": timedelta(days=92),
    "week": timedelta(days=366),
}


@dataclass(frozen=True)
class Span:
    """``start`` ≤ t < ``end``; what it is compared with begins at ``start_before``.

    Where it ends with today, what it is compared with ends as far into its last day as today has
    come: what is not over is compared with as much.
    """

    preset: str
    start: datetime
    end: datetime
    start_before: datetime
    end_before: datetime
    granularity: Granularity

    @property
    def last(self) -> datetime:
        """In the last day that is part of it."""
        return self.end - _LEAST

    @property
    def last_before(self) -> datetime:
        return self.end_before - _LEAST

    @property
    def asked(self) -> dict[str, Any]:
        return {"from": self.start, "to": self.end}

    @property
    def asked_before(self) -> dict[str, Any]:
        return {"from": self.start_before, "to": self.end_before}


class Chosen(BaseModel):
    """What the address says; dates are days of the zone."""

    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")
    preset: str = USUAL


def span_of(query: Mapping[str, str], now: datetime, zone: tzinfo) -> Span:
    """Dates rule, else the preset; what is no preset is the usual one. Raises InvalidInput."""
    fields = {name: query[name] for name in ("from", "to", "preset") if name in query}
    try:
        chosen = Chosen.model_validate(fields, context=zone)
    except ValidationError as invalid:
        raise from_validation(invalid, fields) from None
    here = now.astimezone(zone)
    if chosen.start is not None or chosen.end is not None:
        end = chosen.end or midnight(here.date() + _DAY, zone)
        return _between(chosen.start or end - _DAYS_WITHOUT_A_START, end, zone)
    if chosen.preset == LAST_MONTH:
        return _last_month(here, zone)
    if chosen.preset == YEAR:
        return _months(here, zone)
    return _days(chosen.preset if chosen.preset in _DAYS else USUAL, here, zone)


def day_after(typed: str) -> date:
    """Of the last day that somebody chose, where a range ends; raises InvalidInput."""
    try:
        return date.fromisoformat(typed) + _DAY
    except (ValueError, OverflowError):
        raise InvalidInput("to", "is not a date: write it like 2026-11-28") from None


def _between(start: datetime, end: datetime, zone: tzinfo) -> Span:
    if start >= end:
        raise InvalidInput("to", "must come after the first day")
    length = end - start
    fitting = (name for name, most in _LONGEST.items() if length <= most)
    granularity: Granularity = next(fitting, "month")
    return Span(CUSTOM, start, end, _as_long_before(start, end, zone), start, granularity)


def _last_month(here: datetime, zone: tzinfo) -> Span:
    first, after = (midnight(_month_before(here.date(), months), zone) for months in (1, 0))
    return replace(_between(first, after, zone), preset=LAST_MONTH)


def _as_long_before(start: datetime, end: datetime, zone: tzinfo) -> datetime:
    """So many months, where these are whole months, however many days each of them has."""
    first, after = start.astimezone(zone), end.astimezone(zone)
    months = (after.year - first.year) * 12 + after.month - first.month
    if (start, end) == tuple(midnight(each.date().replace(day=1), zone) for each in (first, after)):
        return midnight(_month_before(first.date(), months), zone)
    return start - (end - start)


def _days(preset: str, here: datetime, zone: tzinfo) -> Span:
    """So many days, of which today is the last."""
    length = timedelta(days=_DAYS[preset])
    first, tomorrow = here.date() - length + _DAY, here.date() + _DAY
    return Span(
        preset,
        midnight(first, zone),
        midnight(tomorrow, zone),
        midnight(first - length, zone),
        _next_quarter(here - length),
        "hour" if preset == "today" else "day",
    )


def _months(here: datetime, zone: tzinfo) -> Span:
    """So many calendar months, of which this one is the last."""
    first = _month_before(here.date(), _MONTHS - 1)
    return Span(
        YEAR,
        midnight(first, zone),
        midnight(here.date() + _DAY, zone),
        midnight(_month_before(first, _MONTHS), zone),
        _next_quarter(_year_before(here)),
        "month",
    )


def _next_quarter(moment: datetime) -> datetime:
    """Revenue is added up by quarter hours: no range costs less than one that ends with one."""
    at = moment.astimezone(UTC)
    over = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at + (timedelta(minutes=15) - over if over else timedelta())


def _year_before(moment: datetime) -> datetime:
    try:
        return moment.replace(year=moment.year - 1)
    except ValueError:
        return moment.replace(year=moment.year - 1, day=28)


def _month_before(day: date, months: int) -> date:
    """The first day of the month that is so many months before that of a day."""
    months = day.year * 12 + day.month - 1 - months
    return date(months // 12, months % 12 + 1, 1)
