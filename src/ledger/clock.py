"""Clock: what time it is, and how a moment is written."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def written(moment: datetime) -> str:
    """An aware moment as RFC 3339 in UTC, always 27 characters, so that text order is time order.

    >>> written(datetime(2026, 11, 23, 5, 9, 35, tzinfo=UTC))
    '2026-11-23T05:09:35.000000Z'

    Raises ValueError for a moment without a time zone.
    """
    if moment.tzinfo is not UTC:
        if moment.utcoffset() is None:
            raise ValueError(f"{moment} says no time zone")
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:26] + "Z"
