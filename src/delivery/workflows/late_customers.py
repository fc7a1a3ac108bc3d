"""Late customers: what a payment that succeeded as nobody's sets off once it is somebody's.

It is asked about a second time, and nothing follows from it twice: whatever goes for nobody as well
has followed from its success.
"""

from dataclasses import replace

from delivery.subjects import Occurrence
from delivery.workflows.circumstances import circumstances_of
from delivery.workflows.conditions import (
    Conditions,
    asks_money,
    met_by_customer,
    met_by_what_happened,
)
from domain.fact import is_imported
from domain.payment import Payment


def is_news(occurrence: Occurrence, conditions: Conditions) -> bool:
    """Whether a fact may set off, by itself, a rule with these conditions."""
    match occurrence.fact:
        case Payment.CustomerAttached(succeeded_at=None):
            return False
        case Payment.CustomerAttached():
            return not _met_by_nobody(occurrence, conditions)
        case _:
            return True


def is_history(occurrence: Occurrence) -> bool:
    """Whether it was imported: of a payment that is somebody's now, whether its success was."""
    match occurrence.fact, occurrence.subject:
        case Payment.CustomerAttached(succeeded_at=succeeded_at), Payment() as payment:
            recorded_at = payment.success_recorded_at
            return bool(succeeded_at and recorded_at and is_imported(succeeded_at, recorded_at))
        case _:
            return occurrence.fact.is_history


def _met_by_nobody(occurrence: Occurrence, conditions: Conditions) -> bool:
    nobody = replace(circumstances_of(occurrence), customer_id=None)
    return (
        not asks_money(conditions)
        and met_by_what_happened(conditions, nobody)
        and met_by_customer(conditions, None)
    )
