"""Triggers: what sets a workflow off, in the words of whoever writes one."""

from collections.abc import Mapping
from typing import Final

TRIGGER_WORDS: Final[Mapping[str, str]] = {
    "payment.created": "A payment begins",
    "payment.success": "A payment succeeds",
    "payment.failed": "A payment fails",
    "payment.canceled": "A payment is canceled",
    "payment.expired": "A payment expires",
    "receipt.requested": "A receipt is asked for again",
    "refund.success": "A payment is refunded",
    "refund.failed": "A refund fails",
    "dispute.created": "A payment is disputed",
    "dispute.resolved": "A dispute is decided",
    "customer.created": "A customer is new",
    "customer.updated": "A customer changes",
    "cart.abandoned": "A pay page is left without paying",
    "subscription.created": "A subscription begins",
    "subscription.renewed": "A subscription renews",
    "subscription.past_due": "A payment of a subscription fails",
    "subscription.paused": "A subscription is paused",
    "subscription.canceled": "A subscription is canceled",
    "invoice.paid": "An invoice is paid",
}
