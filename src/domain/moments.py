"""Moments people state: as precise as they were said, and how they are written."""

from datetime import datetime
from typing import Final

_SECOND: Final = 1_000_000
_MILLISECOND: Final = 1_000


def written(moment: datetime) -> str:
    """A moment in UTC as RFC 3339 text, always with all its digits."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def precedes(stated: datetime, moment: datetime) -> bool:
    """Whether what was stated lies before a moment, at the precision it was stated in.

    Most of the world says no more than the second or the millisecond: "05:09:35" is not before
    05:09:35.7, within that second.
    """
    unit = next((unit for unit in (_SECOND, _MILLISECOND) if stated.microsecond % unit == 0), 1)
    return stated < moment.replace(microsecond=moment.microsecond // unit * unit)
