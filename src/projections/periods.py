"""Periods that end now: the last day, week or month, or so many days."""

from datetime import datetime, timedelta

_DAYS = {"day": 1, "week": 7, "month": 30, "7d": 7, "30d": 30, "90d": 90}


def start_of(period: str, now: datetime) -> datetime | None:
    """When a period that ends now began; None for all time."""
    days = _DAYS.get(period)
    return None if days is None else now - timedelta(days=days)
