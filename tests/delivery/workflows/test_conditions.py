"""Conditions: what each operator lets through."""

from datetime import UTC, datetime

import pytest

from delivery.subjects import Occurrence
from delivery.workflows.circumstances import Circumstances, circumstances_of
from delivery.workflows.conditions import met_by_customer, met_by_money, met_by_what_happened
from delivery.workflows.customer_money import Spent
from domain.customer import Customer
from domain.payment import Payment

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAID = Circumstances(
    "cus_1",
    amount=5000,
    currency="GHS",
    country="GH",
    method="mobile_money",
    source="payment_link",
    source_id="pl_1",
    metadata={"campaign": "summer", "seats": 3, "trial": True},
)
AMA = Customer.register("cus_1", tags=["vip", "early"], metadata={"plan": "pro"}, now=NOW)


@pytest.mark.parametrize(
    ("conditions", "met"),
    [
        ({}, True),
        ({"min_amount": 5000}, True),
        ({"min_amount": 5001}, False),
        ({"max_amount": 5000}, True),
        ({"max_amount": 4999}, False),
        ({"currencies": ["GHS", "NGN"]}, True),
        ({"currencies": ["NGN"]}, False),
        ({"countries": ["GH"]}, True),
        ({"methods": ["card"]}, False),
        ({"sources": ["payment_link"]}, True),
        ({"source_ids": ["pl_2"]}, False),
        ({"customer_ids": ["cus_1"]}, True),
        ({"customer_ids": ["cus_2"]}, False),
        ({"metadata_match": {"campaign": "summer"}}, True),
        ({"metadata_match": {"campaign": "winter"}}, False),
        ({"metadata_match": {"seats": "3", "trial": "true"}}, True),
        ({"metadata_match": {"missing": None}}, False),
        ({"min_amount": 1, "currencies": ["NGN"]}, False),
    ],
)
def test_what_happened_answers_by_itself(conditions, met):
    assert met_by_what_happened(conditions, PAID) is met


def test_what_is_about_no_amount_meets_no_condition_about_one():
    assert not met_by_what_happened({"max_amount": 5}, Circumstances("cus_1"))


@pytest.mark.parametrize(
    ("conditions", "met", "by_nobody"),
    [
        ({"customer_tags": ["vip", "gold"]}, True, False),
        ({"customer_tags": ["gold"]}, False, False),
        ({"customer_tags_all": ["vip", "early"]}, True, False),
        ({"customer_tags_all": ["vip", "gold"]}, False, False),
        ({"customer_tags_none": ["churned"]}, True, True),
        ({"customer_tags_none": ["vip"]}, False, True),
        ({"customer_metadata_match": {"plan": "pro"}}, True, False),
    ],
)
def test_who_it_happened_to_is_asked_for_tags_and_notes(conditions, met, by_nobody):
    assert met_by_customer(conditions, AMA) is met
    assert met_by_customer(conditions, None) is by_nobody


@pytest.mark.parametrize(
    ("conditions", "spent", "met"),
    [
        ({"first_payment": True}, Spent(1, {"GHS": 5000}), True),
        ({"first_payment": True}, Spent(2, {"GHS": 9000}), False),
        ({"first_payment": False}, Spent(2, {"GHS": 9000}), True),
        ({"min_lifetime_value": 9000}, Spent(2, {"GHS": 9000}), True),
        ({"min_lifetime_value": 9001}, Spent(2, {"GHS": 9000, "NGN": 10**9}), False),
    ],
)
def test_what_was_spent_by_then_is_asked_in_the_currency_at_hand(conditions, spent, met):
    assert met_by_money(conditions, spent, "GHS") is met


def test_an_amount_is_what_the_fact_is_about():
    payment = Payment.create(
        "pay_1", amount=700, currency="KES", customer_id="cus_1", metadata={"a": 1}, now=NOW
    )
    payment.collect(NOW)
    payment.refund("ref_1", 300, NOW)
    refunded = payment.pending_events[-1]

    asked = circumstances_of(Occurrence(None, refunded, payment, None))

    assert (asked.amount, asked.currency, asked.metadata) == (300, "KES", {"a": 1})
