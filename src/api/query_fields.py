"""What a value in a query may look like."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from commands.fields import CurrencyCode
from domain.payment import Status

__all__ = ["CurrencyCode", "Instant", "Method", "StatusName", "TagList", "Text", "TimeZone"]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# The "+" of an offset that nobody encoded, as a query reads it.
_LOST_PLUS = re.compile(r" (?=\d{2}:?\d{2}$)")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)

_METHODS = {
    "momo": "mobile_money",
    "mpesa": "mobile_money",
    "mobilemoney": "mobile_money",
    "bank": "bank_transfer",
    "apple_pay": "card",
    "google_pay": "card",
}


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


def _split(value: Any) -> Any:
    parts = [value] if isinstance(value, str) else value
    return [tag.strip() for part in parts for tag in part.split(",") if tag.strip()]


def _canonical_method(value: Any) -> Any:
    plain = str(value).lower().replace("-", "_")
    return _METHODS.get(plain, plain)


def _american(value: Any) -> Any:
    return "canceled" if value == "cancelled" else value


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not an IANA time zone") from None
    return name


Text = Annotated[str, Field(max_length=255)]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant, json_schema_input_type=str),
    Field(description="RFC 3339, or a date, which begins at midnight UTC."),
]
TagList = Annotated[list[Text], BeforeValidator(_split)]
Method = Annotated[Text, BeforeValidator(_canonical_method)]
StatusName = Annotated[Status, BeforeValidator(_american)]
TimeZone = Annotated[Text, AfterValidator(_known_zone)]
