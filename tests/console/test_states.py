"""States: each status of the API has a colour that says whether somebody should look at it."""

from typing import get_args

import pytest

from api.resources.customers import SubscriptionStatus
from api.resources.outbound import DeliveryStatus
from console.states import tone_of, word_of
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


def test_a_status_is_called_as_the_api_calls_it():
    assert word_of("partially_refunded") == "Partially refunded"
