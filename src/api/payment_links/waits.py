"""Waits: what is asked of whoever pays from a phone, and for how long it is worth waiting.

A provider that asks somebody says so by its verdict: the payment is in its hands (``processing``),
or wants something done (``requires_action``), whose ``next_action`` may say until when
(``expires_at``). In test mode nobody is asked, and the page shows what would be seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from api.payment_links.forms import BY_PHONE
from delivery.receipts.receipt import covered
from domain.mobile_money import network_name

# As long as most networks let somebody think about it.
_USUALLY: Final = timedelta(minutes=3)
_ASKED: Final = ("requires_action", "processing")
_OPEN: Final = ("pending", *_ASKED)

# How often a page looks again, in seconds: in the minute in which most answer, while the request is
# open, and then the more seldom the longer it takes, for pages are left open for days.
_AT_FIRST, _ASKING, _SOONEST, _LATEST = 5, 10, 20, 600
_MINUTE: Final = 60


@dataclass(frozen=True)
class Wait:
    """``asked``: on their phone. ``seconds``: how long a request is still open, of how many."""

    asked: bool
    number: str
    network: str
    seconds: int
    of_seconds: int

    @property
    def is_over(self) -> bool:
        """A request has usually ended by now; what was approved may still arrive."""
        return self.asked and self.seconds == 0

    @property
    def minutes(self) -> str:
        if self.seconds < _MINUTE:
            return "Less than a minute left"
        whole = round(self.seconds / _MINUTE)
        return f"About {whole} minute{'s' if whole > 1 else ''} left"


def wait_for(
    payment: Mapping[str, Any], payer: Mapping[str, Any] | None, now: datetime, *, is_test: bool
) -> Wait | None:
    """What a payment waits for; None once it is decided."""
    if payment["status"] not in _OPEN:
        return None
    said = payer or {}
    by_phone = payment["method"] in BY_PHONE
    since = datetime.fromisoformat(payment["updated_at"])
    until = _until(payment, since)
    asked = by_phone and (is_test or payment["status"] in _ASKED)
    left = max(0, round((until - now).total_seconds())) if asked else 0
    return Wait(
        asked=asked,
        number=covered(said.get("phone")) if by_phone else "",
        network=network_name(said.get("network") or "") if by_phone else "",
        seconds=left,
        of_seconds=max(left, round((until - since).total_seconds())),
    )


def looks_again_seconds(payment: Mapping[str, Any], wait: Wait | None, now: datetime) -> int:
    """When the page asks how the payment stands; money may come even when all is over."""
    if wait is not None and wait.seconds:
        return _AT_FIRST if wait.of_seconds - wait.seconds < _MINUTE else _ASKING
    age = (now - datetime.fromisoformat(payment["created_at"])).total_seconds()
    return min(max(int(age) // 20, _SOONEST), _LATEST)


def _until(payment: Mapping[str, Any], since: datetime) -> datetime:
    """As the provider says, if it says so; else as it usually is."""
    stated: Any = (payment["next_action"] or {}).get("expires_at")
    try:
        return datetime.fromisoformat(stated).astimezone(UTC)
    except (TypeError, ValueError):
        return since + _USUALLY
