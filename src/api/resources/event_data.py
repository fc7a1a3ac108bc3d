"""Event data: what a fact was about, right after it, in the words of the API."""

from typing import Any, Final

from api.resources.customers import Identity
from api.resources.invoices import invoice_of
from api.resources.payments import known_customer_of, payment_of
from api.resources.refunds import new_refund_of
from api.resources.subscriptions import subscription_of
from api.resources.webhook_endpoints import endpoint_state_of
from delivery.subjects import Occurrence
from domain.book import Book
from domain.customer import Customer
from domain.invoice import Invoice
from domain.payment import Payment
from domain.subscription import Subscription
from domain.webhook_endpoint import WebhookEndpoint

# Secrets of whoever pays, and what somebody said who has not paid yet.
_UNTOLD: Final = ("client_secret", "session_secret", "psp_public_key", "psp_credentials", "payer")


def data_of(occurrence: Occurrence) -> dict[str, Any]:
    """The object as it was right after the fact, with ``customer`` as they are known now.

    A refund comes with its payment, a payment whose dispute moved with the dispute.
    """
    customer = known_customer_of(occurrence.customer)
    return _subject_of(occurrence, Book.named(occurrence.stored.book)) | {
        "customer": customer,
        "customer_external_id": customer and customer["external_id"],
    }


def _subject_of(occurrence: Occurrence, book: Book) -> dict[str, Any]:
    match occurrence.subject:
        case Payment() as payment:
            return _payment_of(payment, occurrence, book)
        case Subscription() as subscription:
            return subscription_of(subscription, book.org_id)
        case Invoice() as invoice:
            return invoice_of(invoice, book.org_id)
        case Customer() as customer:
            return _customer_of(customer, book)
        case WebhookEndpoint() as endpoint:
            return endpoint_state_of(endpoint, book.org_id)
        case other:
            raise TypeError(f"nobody is told of a {type(other).__name__}")


def _payment_of(payment: Payment, occurrence: Occurrence, book: Book) -> dict[str, Any]:
    told = payment_of(payment, book.org_id, occurrence.customer)
    for name in _UNTOLD:
        del told[name]
    match occurrence.fact:
        case Payment.Refunded() as refunded:
            refund = new_refund_of(payment, refunded.refund_id, occurrence.customer)
            # What receivers ask of whatever is about a payment stands on the refund as well.
            about = {"provider": payment.provider, "metadata": payment.metadata}
            return refund | about | {"payment": told}
        case Payment.DisputeOpened() as opened:
            return told | {"dispute": _dispute_of(opened, "open", opened.reason)}
        case Payment.DisputeWon() as decided:
            return told | {"dispute": _dispute_of(decided, "won")}
        case Payment.DisputeLost() as decided:
            return told | {"dispute": _dispute_of(decided, "lost")}
        case _:
            return told


def _dispute_of(
    fact: Payment.DisputeOpened | Payment.DisputeWon | Payment.DisputeLost,
    status: str,
    reason: str | None = None,
) -> dict[str, Any]:
    return {
        "id": fact.dispute_id,
        "amount": fact.disputed_amount,
        "currency": fact.currency,
        "status": status,
        "reason": reason,
    }


def _customer_of(customer: Customer, book: Book) -> dict[str, Any]:
    identity = Identity.of(
        customer,
        **customer.personal,
        org_id=book.org_id,
        mode=book.mode,
        created_at=customer.registered_at,
    )
    return identity | {"deleted": customer.deleted}
