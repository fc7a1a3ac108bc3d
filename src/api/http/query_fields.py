"""Types of query parameters: whole numbers, instants and their time zone, read from text."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, ValidationInfo

from api.http.errors import InvalidInput
from domain.time_zone import UnknownTimeZone, midnight, zone_of

_LARGEST: Final = 2**63 - 1

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,30}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# The "+" of an offset that nobody encoded, as a query reads it.
_LOST_PLUS = re.compile(r" (?=\d{2}:?\d{2}$)")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)


def whole_number(value: Any) -> Any:
    if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value):
        raise ValueError("must be a whole number")
    return value


def time_zone(fields: Mapping[str, Any]) -> tzinfo:
    """The zone whose days and hours a query speaks of. Raises InvalidInput."""
    try:
        return zone_of(fields["tz"]) if "tz" in fields else UTC
    except UnknownTimeZone as unknown:
        raise InvalidInput("tz", str(unknown)) from None


def _instant(value: Any, asked: ValidationInfo) -> Any:
    """The context of the validation is the time zone of the query."""
    if not isinstance(value, str):
        return value
    zone = asked.context or UTC
    try:
        if _DATE.fullmatch(value):
            return _within(midnight(_within_days(date.fromisoformat(value)), zone))
        at = datetime.fromisoformat(_LOST_PLUS.sub("+", value))
        return _within(at.replace(tzinfo=at.tzinfo or zone).astimezone(UTC))
    except (ValueError, OverflowError):
        raise ValueError("must be a date or an RFC 3339 date and time") from None


def _within(at: datetime) -> datetime:
    return min(max(at, _EARLIEST), _LATEST)


def _within_days(day: date) -> date:
    return min(max(day, _EARLIEST.date()), _LATEST.date())


def _date_or_moment(schema: dict[str, Any]) -> None:
    del schema["format"]
    schema["anyOf"] = [{"format": name} for name in ("date-time", "date")]


def _fits_the_database(schema: dict[str, Any]) -> None:
    """The largest is none that anybody means: programs know it by this name."""
    del schema["maximum"]
    schema["format"] = "int64"


Whole = Annotated[
    int,
    Field(ge=0, le=_LARGEST, json_schema_extra=_fits_the_database),
    BeforeValidator(whole_number),
]
AtLeastOne = Annotated[
    int,
    Field(ge=1, le=_LARGEST, json_schema_extra=_fits_the_database),
    BeforeValidator(whole_number),
]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    Field(
        description="RFC 3339, or a date: the moment at which that day of `tz` begins.",
        json_schema_extra=_date_or_moment,
    ),
]
