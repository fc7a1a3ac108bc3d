"""Results: what came of sending one message, as whoever decides about another try needs to know."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

from delivery.said import kept

_LONGEST_SAID = 1000
_SHORTEST_SECRET = 4
_HIDDEN = "•••"


@dataclass(frozen=True, slots=True)
class SendResult:
    """``later`` is worth another try, ``failed`` is for good.

    ``response`` is what was answered, its first thousand characters; ``error`` a sentence about
    what usually causes it. ``may_have_arrived``: it was handed over, and nobody said what came of
    it. ``retry_after`` in seconds, if the receiver asked for it.
    """

    status: Literal["sent", "later", "failed"]
    response: str = ""
    error: str | None = None
    may_have_arrived: bool = False
    retry_after: int | None = None
    reference: str | None = None
    cost: str | None = None

    # Here, where it comes from outside: what cannot be recorded would be sent again and again.
    def __post_init__(self) -> None:
        object.__setattr__(self, "response", kept(self.response))
        object.__setattr__(self, "error", self.error and kept(self.error))

    def without(self, secrets: Sequence[str]) -> Self:
        """Whoever was told a secret, or an address, may say it back, in other letters."""
        return replace(
            self, response=_told(self.response, secrets), error=_told(self.error, secrets) or None
        )


def _told(text: str | None, secrets: Sequence[str]) -> str:
    told = text or ""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            told = re.sub(re.escape(secret), _HIDDEN, told, flags=re.IGNORECASE)
    return told[:_LONGEST_SAID]
