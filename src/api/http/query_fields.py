"""Types of query parameters: whole numbers and instants, read from text."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

LARGEST: Final = 2**63 - 1

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,30}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# The "+" of an offset that nobody encoded, as a query reads it.
_LOST_PLUS = re.compile(r" (?=\d{2}:?\d{2}$)")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)


def whole_number(value: Any) -> Any:
    if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value):
        raise ValueError("must be a whole number")
    return value


def _instant(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        if _DATE.fullmatch(value):
            day = date.fromisoformat(value)
            at = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            at = datetime.fromisoformat(_LOST_PLUS.sub("+", value))
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a date or an RFC 3339 date and time") from None
    return min(max(at, _EARLIEST), _LATEST)


def _date_or_moment(schema: dict[str, Any]) -> None:
    del schema["type"], schema["format"]
    schema["anyOf"] = [{"type": "string", "format": name} for name in ("date-time", "date")]


Whole = Annotated[int, Field(ge=0, le=LARGEST), BeforeValidator(whole_number)]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    Field(
        description="RFC 3339, or a date, which begins at midnight UTC.",
        json_schema_extra=_date_or_moment,
    ),
]
