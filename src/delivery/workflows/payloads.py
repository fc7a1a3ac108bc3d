"""Payloads: what a workflow followed from, as receivers are told of it; rendered when asked."""

from typing import Any

from delivery.envelopes import DataOf, envelope
from delivery.subjects import Occurrence
from domain.checkout_session import CheckoutSession


def payload_of(occurrence: Occurrence, data_of: DataOf) -> dict[str, Any]:
    """The event. Of a checkout session, which others are not told of: its payment, and its end."""
    match occurrence.subject:
        case CheckoutSession() as session:
            data = {"payment_id": session.payment_id, "expires_at": session.expires_at}
        case _:
            data = data_of(occurrence)
    return envelope(occurrence, data, previous_position=None)
