"""What a value in a query may look like."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from commands.fields import CountryCode, CurrencyCode, Text, canonical_method
from domain.payment_types import Status

__all__ = [
    "CountryCode",
    "CurrencyCode",
    "Instant",
    "Method",
    "StatusName",
    "TagList",
    "Text",
    "american",
]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# The "+" of an offset that nobody encoded, as a query reads it.
_LOST_PLUS = re.compile(r" (?=\d{2}:?\d{2}$)")
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)


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


def american(value: Any) -> Any:
    """A status in the spelling of the wire, whichever was used."""
    return "canceled" if value == "cancelled" else value


def _date_or_moment(schema: dict[str, Any]) -> None:
    del schema["type"], schema["format"]
    schema["anyOf"] = [{"type": "string", "format": name} for name in ("date-time", "date")]


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    Field(
        description="RFC 3339, or a date, which begins at midnight UTC.",
        json_schema_extra=_date_or_moment,
    ),
]
TagList = Annotated[list[Text], BeforeValidator(_split)]
Method = Annotated[Text, BeforeValidator(canonical_method)]
# Clients know payments that were abandoned; here they expire.
StatusName = Annotated[Status | Literal["abandoned"], BeforeValidator(american)]
