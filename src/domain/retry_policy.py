"""Retry policy: how often money that was not there is asked for again, and how long after."""

import re
from datetime import timedelta
from typing import Final, TypedDict

DELAY: Final = re.compile(r"([1-9][0-9]{0,3})([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


class RetryPolicy(TypedDict):
    """`delays`: from each failure to the next try, as "15m", "1h", "7d"; the last one goes on.

    `when_used_up`: what becomes of the subscription after the last try, "pause" or "cancel".
    """

    delays: list[str]
    max_retries: int
    when_used_up: str


DEFAULT_POLICY: Final = RetryPolicy(
    delays=["15m", "1h", "24h"], max_retries=3, when_used_up="pause"
)


def span(delay: str) -> timedelta:
    """How long "15m", "1h" or "7d" is; raises ValueError for what is no delay."""
    said = DELAY.fullmatch(delay)
    if said is None:
        raise ValueError(f'{delay} is not a delay like "15m", "1h" or "7d"')
    return timedelta(**{_UNITS[said[2]]: int(said[1])})


def delay_after(policy: RetryPolicy, retries: int) -> timedelta | None:
    """How long to wait when so many retries have failed; None when there are no more."""
    if retries >= policy["max_retries"]:
        return None
    delays = policy["delays"]
    return span(delays[min(retries, len(delays) - 1)])
