"""The resources of consent: whether customers may be written to."""

from typing import Any, Literal

from pydantic import Field

from api.resources.shapes import Moment, Pagination, Shape
from commands.consents import Suppressed
from domain.customer import Customer


class ConsentState(Shape):
    """Whether somebody may be written to by a channel, and since when."""

    channel: Literal["email", "sms"]
    given: bool
    reason: str = Field(examples=["asked"])
    stated_at: Moment


class Consents(Shape):
    """What was said of each channel; nothing was said of one that is not here."""

    consents: list[ConsentState]


class Suppression(ConsentState):
    """Somebody who is not written to by a channel."""

    customer_id: str


class Suppressions(Shape):
    """By channel and customer."""

    suppressions: list[Suppression]
    pagination: Pagination


def consents_of(customer: Customer) -> dict[str, Any]:
    return {"consents": [consent_of(customer, channel) for channel in sorted(customer.consents)]}


def consent_of(customer: Customer, channel: str) -> dict[str, Any]:
    said = customer.consents[channel]
    return ConsentState.of(None, channel=channel, stated_at=said["at"], **_said(said))


def suppression_of(suppressed: Suppressed) -> dict[str, Any]:
    consent = suppressed.consent
    return Suppression.of(suppressed, stated_at=consent["at"], **_said(consent))


def _said(consent: Any) -> dict[str, Any]:
    return {"given": consent["given"], "reason": consent["reason"]}
