"""Event names: what a filter may say, and what is done about what it misspells."""

from difflib import get_close_matches
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from domain.event_types import TYPES, event_of, types_wanted

# What other clients of this wire may ask for, and is never told here.
_NEVER_TOLD: Final = (
    *("refund.failed", "refund.updated", "dispute.evidence_due", "reconciliation.mismatch"),
    *("api_key.created", "api_key.revoked", "api_key.rotated", "api_key.deleted"),
    *("onboarding.started", "onboarding.completed", "reevit.webhook.test"),
)
_NAMES: Final = sorted({*TYPES, *map(event_of, TYPES), *_NEVER_TOLD})
_MOST: Final = 100
_ANY: Final = "*"


def _known(name: str) -> str:
    """A misspelt one would be silent for ever."""
    beginning = name.removesuffix(_ANY)
    told_never = name in _NEVER_TOLD or (
        beginning != name and any(each.startswith(beginning) for each in _NEVER_TOLD)
    )
    if not told_never and not types_wanted([name]):
        raise ValueError(f"names {name!r}, which nothing is called{_meant(name)}")
    return name


def _meant(name: str) -> str:
    close = get_close_matches(name, _NAMES, n=1)
    return f": {close[0]!r} is meant?" if close else ""


def _distinct(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


EventName = Annotated[str, Field(max_length=64, examples=["payment.*"]), AfterValidator(_known)]
EventNames = Annotated[list[EventName], Field(max_length=_MOST), AfterValidator(_distinct)]
