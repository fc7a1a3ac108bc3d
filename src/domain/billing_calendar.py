"""Billing calendar: when a subscription is billed first, and where its periods end."""

from calendar import monthrange
from datetime import datetime, timedelta
from typing import Final

from domain.subscription_refusals import (
    BeginsInThePast,
    BeginsTooLate,
    TrialEndsBeforeItBegins,
)

_MONTHS: Final[dict[str, int]] = {"monthly": 1, "yearly": 12}
# A day that has begun is today somewhere; and who plans, plans for years at most.
_EARLIEST, _LATEST = timedelta(days=1), timedelta(days=5 * 366)


def boundary_after(boundary: datetime, interval: str, *, day: int) -> datetime:
    """Where the period ends that begins at a boundary: on the same day of a later month.

    ``day``: of the month in which it all began; a shorter month ends it on its last one.
    """
    years, month = divmod(boundary.month - 1 + _MONTHS[interval], 12)
    year, month = boundary.year + years, month + 1
    return boundary.replace(year=year, month=month, day=min(day, monthrange(year, month)[1]))


def check_start(starts_at: datetime, now: datetime) -> None:
    """Refuses a start that would have been billed before, and one that nobody plans."""
    if starts_at < now - _EARLIEST:
        raise BeginsInThePast(starts_at, now)
    if starts_at > now + _LATEST:
        raise BeginsTooLate("start_date", starts_at)


def check_trial(trial_end: datetime, begins: datetime, now: datetime) -> None:
    """Refuses a trial that is over when it begins, and one that nobody plans."""
    if trial_end <= max(begins, now):
        raise TrialEndsBeforeItBegins(trial_end, max(begins, now))
    if trial_end > now + 2 * _LATEST:
        raise BeginsTooLate("trial_end", trial_end)
