"""Refusals: what a business rule may answer instead of doing what it was asked.

    Refusal
    ├── NotFound      what was named is not there
    ├── Conflict      somebody else has it, or got there first
    ├── RuleBroken    it may not happen in this state, or with these values
    ├── Gone          it was there for everybody, and is not any more
    ├── Unauthorized  who asks did not show that they may
    └── NotPermitted  who asks is known, and may not do this

Concrete refusals live beside the aggregate that raises them (of payments: `payment_refusals`).
"""

from typing import ClassVar


class Refusal(Exception):  # noqa: N818 (a refusal is an answer, not a fault of the program)
    """A decision not to do it: a sentence for people, a code and flat details for programs."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, **details: str | int | None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class NotFound(Refusal):
    code = "not_found"


class Conflict(Refusal):
    code = "conflict"


class RuleBroken(Refusal):
    code = "invalid_state"


class Gone(Refusal):
    code = "gone"


class Unauthorized(Refusal):
    code = "unauthorized"


class NotPermitted(Refusal):
    code = "forbidden"
