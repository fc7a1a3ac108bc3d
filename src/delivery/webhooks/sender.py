"""Webhook sender: a fact becomes a signed request, and what came back becomes a result.

Body and signatures are made anew for each attempt: receivers refuse what was signed minutes ago.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final

from yarl import URL

from delivery.envelopes import to_json
from delivery.http_client import HttpAnswer, HttpClient, SendingFailed
from delivery.said import kept
from delivery.webhooks.hiding import without
from delivery.webhooks.signatures import signatures
from domain.book import Mode
from ledger.clock import written

TIME_LIMIT_SECONDS: Final = 30
GONE: Final = 410
# Stands for a status where nothing was sent, because of an error of ours.
UNRENDERED: Final = -1

_LONGEST_PAUSE: Final = timedelta(hours=1)
_MODES: Final[Mapping[Mode, str]] = {"test": "sandbox", "live": "live"}
_HINTS: Final[Mapping[int, str]] = {
    400: "its check of the signature or of the body failed",
    401: "usually a wrong secret: is it the one of this endpoint?",
    403: "usually bot protection or a firewall in front of it: let this address through",
    404: "nothing is there: has the path changed?",
    405: "it takes no POST there",
    GONE: "it said that it is gone",
    413: "it takes only smaller bodies",
    415: "it does not take JSON there",
    429: "it was told too much at once",
}


@dataclass(frozen=True, slots=True)
class Result:
    """``status`` 0: nobody answered. ``pause``: for so long it asks to be left alone."""

    url: str
    status: int
    response: str
    error: str
    milliseconds: int
    connected: bool = True
    pause: timedelta | None = None

    # Here, where it comes from outside: a row that cannot be written would hold up its endpoint.
    def __post_init__(self) -> None:
        object.__setattr__(self, "response", kept(self.response))
        object.__setattr__(self, "error", kept(self.error))

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 (as HTTP counts)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be sent: ``told`` is the envelope, the rest tells one attempt from another."""

    url: str
    told: dict[str, Any]
    delivery_id: str
    attempt: int
    secrets: Sequence[str]


def told_in(parcel: Parcel, now: datetime) -> dict[str, Any]:
    """The body of an attempt."""
    return parcel.told | {
        "delivery_id": parcel.delivery_id,
        "attempt": parcel.attempt,
        "signature_timestamp": written(now),
    }


async def send(client: HttpClient, parcel: Parcel, *, now: datetime) -> Result:
    mode: Mode = parcel.told["mode"]
    told = told_in(parcel, now)
    body = to_json(told)
    headers = {
        "Content-Type": "application/json",
        "X-Reevit-Delivery-ID": parcel.delivery_id,
        "X-Reevit-Delivery-Attempt": str(parcel.attempt),
        "X-Reevit-Mode": _MODES[mode],
        "X-Reevit-Signature-Timestamp": told["signature_timestamp"],
        **signatures(body, parcel.secrets, message_id=told["id"], now=now),
    }
    try:
        answer = await client.request(
            "POST",
            _address(parcel.url),
            mode=mode,
            body=body,
            headers=headers,
            seconds=TIME_LIMIT_SECONDS,
            repeatable=True,
        )
    except SendingFailed as failed:
        return Result(parcel.url, 0, "", failed.reason, failed.milliseconds, failed.connected)
    return _result(parcel, answer, headers, now)


def _result(
    parcel: Parcel, answer: HttpAnswer, headers: Mapping[str, str], now: datetime
) -> Result:
    signed = (headers["X-Reevit-Signature"], *headers["webhook-signature"].split(" "))
    hidden = (*parcel.secrets, *signed)
    return Result(
        parcel.url,
        answer.status,
        without(answer.text, hidden),
        _why_not(answer, hidden),
        answer.milliseconds,
        pause=_pause(answer, now),
    )


def _why_not(answer: HttpAnswer, hidden: Sequence[str]) -> str:
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 (as HTTP counts)
        return ""
    if 300 <= status < 400:  # noqa: PLR2004
        to = without(answer.headers.get("Location", "another address"), hidden)[:200]
        return f"it answered {status}, a redirect to {to}: redirects are not followed, enter that"
    hint = _HINTS.get(status, "it failed there: its log says why" if status >= 500 else "")  # noqa: PLR2004
    return f"it answered {status}" + (f": {hint}" if hint else "")


def _pause(answer: HttpAnswer, now: datetime) -> timedelta | None:
    """What `Retry-After` asks for: seconds, or a moment."""
    asked = answer.headers.get("Retry-After", "").strip()
    if not asked or 200 <= answer.status < 300:  # noqa: PLR2004
        return None
    try:
        pause = timedelta(seconds=int(asked)) if asked.isdecimal() else _until(asked, now)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(pause, timedelta(0)), _LONGEST_PAUSE)


def _until(moment: str, now: datetime) -> timedelta:
    return parsedate_to_datetime(moment) - now


# A parsed address saves more of a delivery than signing it takes.
@lru_cache(maxsize=4096)
def _address(url: str) -> URL:
    return URL(url)
