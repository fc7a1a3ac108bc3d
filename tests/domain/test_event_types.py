"""What each fact is called when others are told of it."""

from datetime import UTC, datetime

import pytest

from domain.catalogue import AGGREGATES, facts_of
from domain.customer import Customer
from domain.event_types import TOPICS, TYPES, customer_of, event_of, type_of, types_wanted
from domain.payment import Payment

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOLD_TO_NOBODY = {
    "organization",  # keys, settings: the merchant's own business
    "imported_key",
    "user",
    "console_session",
    "webhook_endpoint",  # but for its troubles, which others should hear of
    "introduction",
    "payment_link",
    "checkout_session",
    "workflow_rule",
    "message_template",
    "integration",
}


def test_every_fact_is_told_unless_its_kind_is_told_to_nobody():
    silent = {
        fact.TOPIC for kind in AGGREGATES for fact in facts_of(kind) if type_of(fact.TOPIC) is None
    }

    # The invoice's number is part of the invoice; the ledger counts it in a stream of its own. Who
    # looked at a customer, or took their data, is the merchant's own business.
    own_business = {"invoice.numbered", "customer.revealed", "customer.data_taken"}
    kinds = {topic.partition(".")[0] for topic in silent - own_business}
    assert kinds == TOLD_TO_NOBODY


def test_every_topic_that_is_told_is_one_of_a_fact():
    assert set(TOPICS) <= {fact.TOPIC for kind in AGGREGATES for fact in facts_of(kind)}


@pytest.mark.parametrize(
    ("type_", "event"),
    [
        ("payment.created", "payment.created"),
        ("payment.succeeded", "payment.updated"),
        ("payment.failed", "payment.updated"),
        ("payment.pending", "payment.updated"),
        ("payment.updated", "payment.updated"),
        ("payment.refunded", "refund.succeeded"),
        ("customer.updated", "customer.updated"),
    ],
)
def test_a_type_belongs_to_one_event(type_, event):
    assert event_of(type_) == event


def test_a_filter_names_events_types_or_beginnings():
    assert types_wanted(["payment.succeeded"]) == ("payment.succeeded",)
    assert set(types_wanted(["payment.updated"])) == {
        "payment.failed",
        "payment.pending",
        "payment.succeeded",
        "payment.updated",
    }
    assert types_wanted(["refund.*"]) == ("payment.refunded",)
    assert set(types_wanted(["customer.*", "invoice.paid"])) == {
        "customer.created",
        "customer.deleted",
        "customer.updated",
        "invoice.paid",
    }


def test_an_empty_filter_lets_all_through_and_an_unknown_name_nothing():
    assert types_wanted([]) == TYPES
    assert types_wanted(["*"]) == TYPES
    assert types_wanted(["payment"]) == ()


def test_a_fact_is_about_its_customer():
    known = Customer.register("cus_1", now=NOW).pending_events[0]
    paid = Payment.create("pay_1", amount=1, currency="KES", customer_id="cus_1", now=NOW)
    unknown = Payment.create("pay_2", amount=1, currency="KES", now=NOW)

    assert customer_of(known) == "cus_1"
    assert customer_of(paid.pending_events[0]) == "cus_1"
    assert customer_of(unknown.pending_events[0]) is None
