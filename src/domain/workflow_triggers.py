"""Workflow triggers: what a rule may be about, by the names of the wire, and what each asks of.

A trigger belongs to facts; what a fact is about decides which conditions mean anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.checkout_session import CheckoutSession
from domain.customer import Customer
from domain.fact import Fact
from domain.invoice import Invoice
from domain.payment import Payment
from domain.subscription import Subscription

# What can be asked of everybody who is known.
_OF_CUSTOMERS: Final = frozenset(
    {
        *("customer_ids", "customer_tags", "customer_tags_all", "customer_tags_none"),
        *("customer_metadata_match", "metadata_match", "as_of"),
    }
)
_OF_MONEY: Final = _OF_CUSTOMERS | {"min_amount", "max_amount", "currencies", "min_lifetime_value"}
_OF_PAYMENTS: Final = _OF_MONEY | {"countries", "methods", "sources", "source_ids"}


@dataclass(frozen=True)
class Trigger:
    """The facts that set it off, and the conditions that can be asked of what it is about."""

    facts: tuple[type[Fact], ...]
    conditions: frozenset[str]


# Somebody asks that a receipt be sent again.
RECEIPT_REQUESTED: Final = "receipt.requested"

# Refunds are done at once here: none fails, and a rule about that waits for ever.
TRIGGERS: Final[Mapping[str, Trigger]] = {
    "payment.created": Trigger((Payment.Created,), _OF_PAYMENTS),
    # What succeeded as nobody's, and became somebody's afterwards, is asked about again then.
    "payment.success": Trigger(
        (Payment.Succeeded, Payment.CustomerAttached), _OF_PAYMENTS | {"first_payment"}
    ),
    "payment.failed": Trigger((Payment.Failed,), _OF_PAYMENTS),
    "payment.canceled": Trigger((Payment.Canceled,), _OF_PAYMENTS),
    "payment.expired": Trigger((Payment.Expired,), _OF_PAYMENTS),
    RECEIPT_REQUESTED: Trigger((Payment.ReceiptRequested,), _OF_PAYMENTS),
    "refund.success": Trigger((Payment.Refunded,), _OF_PAYMENTS),
    "refund.failed": Trigger((), _OF_PAYMENTS),
    "dispute.created": Trigger((Payment.DisputeOpened,), _OF_PAYMENTS),
    "dispute.resolved": Trigger((Payment.DisputeWon, Payment.DisputeLost), _OF_PAYMENTS),
    "customer.created": Trigger((Customer.Registered,), _OF_CUSTOMERS),
    "customer.updated": Trigger((Customer.Updated,), _OF_CUSTOMERS),
    "cart.abandoned": Trigger((CheckoutSession.Opened,), _OF_PAYMENTS),
    "subscription.created": Trigger((Subscription.Created,), _OF_MONEY | {"methods"}),
    "subscription.renewed": Trigger((Subscription.Renewed,), _OF_MONEY | {"methods"}),
    "subscription.past_due": Trigger((Invoice.Failed,), _OF_MONEY),
    "subscription.paused": Trigger((Subscription.Paused,), _OF_MONEY | {"methods"}),
    "subscription.canceled": Trigger((Subscription.Canceled,), _OF_MONEY | {"methods"}),
    "invoice.paid": Trigger((Invoice.Paid,), _OF_MONEY),
}

# As others, and the names of webhooks, call the same.
ALIASES: Final[Mapping[str, str]] = {
    "payment.succeeded": "payment.success",
    "payment.cancelled": "payment.canceled",
    "payment.refunded": "refund.success",
    "refund.succeeded": "refund.success",
    "refund.created": "refund.success",
    "payment.disputed": "dispute.created",
    "subscription.cancelled": "subscription.canceled",
    "invoice.failed": "subscription.past_due",
}
# Waits until this is over, and asks then: what nobody paid for by then was left behind.
ABANDONED: Final = "cart.abandoned"

# The topics of all facts that may set a rule off.
TOPICS: Final = frozenset(fact.TOPIC for each in TRIGGERS.values() for fact in each.facts)


def trigger_named(name: str) -> str:
    """The name it is kept by; raises ValueError for what sets nothing off here."""
    known = ALIASES.get(name, name)
    if known == "high_risk_score":
        raise ValueError(
            "high_risk_score is not offered: nothing here scores the risk of a payment"
        )
    if known not in TRIGGERS:
        raise ValueError(f"there is no trigger {name}; there are {', '.join(TRIGGERS)}")
    return known


def sets_off(trigger: str, topic: str) -> bool:
    """Whether a fact of a topic sets off the rules of a trigger."""
    return any(topic == fact.TOPIC for fact in TRIGGERS[trigger].facts)
