"""Timestamps: instants as whole numbers of microseconds, and back.

The tables hold microseconds since 1970-01-01T00:00:00Z: both databases compare, subtract and bucket
such numbers in the same way, and neither has to know a time zone.
"""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SECOND = 1_000_000
QUARTER = 15 * 60 * SECOND
DAY = 24 * 60 * 60 * SECOND


def micros(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def instant(at: int) -> datetime:
    """The aware datetime, in UTC, of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=at)


def instant_or_none(at: int | None) -> datetime | None:
    return None if at is None else instant(at)
