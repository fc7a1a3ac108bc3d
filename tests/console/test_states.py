"""States: each status of the API has a colour that says whether somebody should look at it."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from api.resources.customers import SubscriptionStatus
from api.resources.outbound import DeliveryStatus
from console.states import invoice_state, tone_of, word_of
from domain.invoice import InvoiceStatus
from domain.payment_link import LinkStatus
from domain.payment_types import Status

OVER = {"canceled", "expired", "refunded", "none", "inactive", "exhausted", "draft"}


@pytest.mark.parametrize(
    "status",
    {
        status
        for statuses in (Status, SubscriptionStatus, InvoiceStatus, LinkStatus, DeliveryStatus)
        for status in get_args(statuses)
    }
    - OVER,
)
def test_a_status_is_good_waiting_or_bad_unless_all_is_over(status):
    assert tone_of(status) != "over"


def test_what_is_due_is_overdue_when_its_day_is_over():
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    late, early = "2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z"

    assert invoice_state({"status": "due", "due_at": late}, now) == "overdue"
    assert invoice_state({"status": "due", "due_at": early}, now) == "due"
    assert invoice_state({"status": "paid", "due_at": late}, now) == "paid"


def test_a_status_is_called_as_the_api_calls_it():
    assert word_of("partially_refunded") == "Partially refunded"
