"""Event types: what each fact is called when others are told of it, and whom it is about.

A fact has two names on the wire: ``event``, as clients of today know it, and ``type``, as clients
of before do. A type belongs to one event. What is not named here is told to nobody.
"""

from collections.abc import Collection
from typing import Final

from domain.customer import Customer
from domain.fact import Fact
from domain.invoice import Invoice
from domain.payment import Payment
from domain.subscription import Subscription
from domain.webhook_endpoint import WebhookEndpoint

_ANY: Final = "*"

_TYPES: Final[dict[type[Fact], str]] = {
    Customer.Registered: "customer.created",
    Customer.Updated: "customer.updated",
    Customer.ConsentGiven: "customer.updated",
    Customer.ConsentWithdrawn: "customer.updated",
    Customer.Deleted: "customer.deleted",
    Payment.Created: "payment.created",
    Payment.Amended: "payment.updated",
    Payment.MethodSelected: "payment.updated",
    Payment.CustomerAttached: "payment.updated",
    Payment.ActionRequired: "payment.updated",
    Payment.ProcessingStarted: "payment.updated",
    Payment.Authorized: "payment.updated",
    Payment.PartiallyCaptured: "payment.updated",
    Payment.Succeeded: "payment.succeeded",
    Payment.Failed: "payment.failed",
    Payment.Canceled: "payment.canceled",
    Payment.RestReleased: "payment.updated",
    Payment.Expired: "payment.expired",
    Payment.Retried: "payment.pending",
    Payment.Refunded: "payment.refunded",
    Payment.DisputeOpened: "payment.disputed",
    Payment.DisputeWon: "payment.updated",
    Payment.DisputeLost: "payment.updated",
    Payment.ReceiptRequested: "payment.updated",
    Subscription.Created: "subscription.created",
    Subscription.Updated: "subscription.updated",
    Subscription.Renewed: "subscription.renewed",
    Subscription.Paused: "subscription.paused",
    Subscription.Resumed: "subscription.resumed",
    Subscription.EndScheduled: "subscription.updated",
    Subscription.EndRevoked: "subscription.updated",
    Subscription.Canceled: "subscription.canceled",
    Invoice.Issued: "invoice.created",
    Invoice.Paid: "invoice.paid",
    Invoice.Failed: "invoice.failed",
    Invoice.Retried: "invoice.updated",
    Invoice.RetriesStopped: "invoice.updated",
    Invoice.Canceled: "invoice.canceled",
    Invoice.Amended: "invoice.updated",
    WebhookEndpoint.Failing: "webhook_endpoint.failing",
    WebhookEndpoint.Disabled: "webhook_endpoint.disabled",
}

# Where today's name of what happened is not the one of before.
_EVENTS: Final = {
    "payment.succeeded": "payment.updated",
    "payment.failed": "payment.updated",
    "payment.pending": "payment.updated",
    "payment.refunded": "refund.succeeded",
}

_BY_TOPIC: Final = {kind.TOPIC: type_ for kind, type_ in _TYPES.items()}
TOPICS: Final = tuple(_BY_TOPIC)
TYPES: Final = tuple(sorted(set(_TYPES.values())))
# What happened to customers themselves, and not to what they do.
CUSTOMER_TOPICS: Final = frozenset(
    kind.TOPIC for kind in _TYPES if issubclass(kind, Customer.Event)
)


def type_of(topic: str) -> str | None:
    """What a fact of a topic is called, such as ``payment.succeeded``; None: nobody is told."""
    return _BY_TOPIC.get(topic)


def event_of(type_: str) -> str:
    """Today's name of a type: ``payment.updated`` for ``payment.succeeded``."""
    return _EVENTS.get(type_, type_)


def types_wanted(names: Collection[str]) -> tuple[str, ...]:
    """The types that a filter lets through; an empty filter lets all through.

    A name is an event or a type, or the beginning of one that ends in an asterisk: ``payment.*``.
    """
    if not names:
        return TYPES
    return tuple(each for each in TYPES if any(_matches(name, each) for name in names))


def topics_of(types: Collection[str]) -> tuple[str, ...]:
    """The topics of the facts that are called so."""
    return tuple(topic for topic, type_ in _BY_TOPIC.items() if type_ in types)


def customer_of(fact: Fact) -> str | None:
    """Whom a fact is about; None: nobody who is known."""
    if isinstance(fact, Customer.Event):
        return fact.originator_id
    customer_id: str | None = getattr(fact, "customer_id", None)
    return customer_id


def _matches(name: str, type_: str) -> bool:
    known = (type_, event_of(type_))
    if name.endswith(_ANY):
        return any(each.startswith(name.removesuffix(_ANY)) for each in known)
    return name in known
