"""How a payment, as a command leaves it or as the views know it, becomes an answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api.renderings.values import moment
from domain.customer import Customer
from domain.payment import Payment
from projections.customers import CustomerRecord
from projections.payment_list import ListedPayment
from projections.payment_status_history import StatusChange
from projections.payments import PaymentRecord
from projections.refunds_and_disputes import Refund


def of_aggregate(
    payment: Payment,
    *,
    org_id: str,
    customer: Customer | None,
    client_secret: str | None,
) -> dict[str, Any]:
    """The whole payment, as the command leaves it."""
    who = None
    if customer is not None and not customer.deleted:
        who = _customer(customer.id, customer.external_id, customer.personal, customer.tags)
    lost = sum(int(dispute["amount"]) for dispute in payment.disputes_lost)
    summary = _summary(payment.id, payment, org_id, who["name"] if who else None)
    return summary | _rest(payment, who, lost, client_secret)


def of_record(
    payment: PaymentRecord,
    *,
    org_id: str,
    customer: CustomerRecord | None,
    client_secret: str | None,
) -> dict[str, Any]:
    """The whole payment, as the views know it."""
    who = None
    if customer is not None:
        personal = {"email": customer.email, "phone": customer.phone, "name": customer.name}
        who = _customer(customer.customer_id, customer.external_id, personal, customer.tags)
    summary = _summary(payment.payment_id, payment, org_id, who["name"] if who else None)
    return summary | _rest(payment, who, payment.disputed_amount, client_secret)


def of_listed(listed: ListedPayment, org_id: str) -> dict[str, Any]:
    payment = listed.payment
    return _summary(payment.payment_id, payment, org_id, listed.customer_name)


def of_refund(refund: Refund) -> dict[str, Any]:
    return _refund(
        refund.refund_id,
        payment_id=refund.payment_id,
        amount=refund.amount,
        currency=refund.currency,
        reason=refund.reason,
        provider_refund_id=refund.provider_refund_id,
        created_at=moment(refund.created_at),
    )


def of_new_refund(
    payment: Payment, refund_id: str, *, reason: str | None, provider_refund_id: str | None
) -> dict[str, Any]:
    """The refund a command has just recorded on the payment."""
    recorded = next(each for each in payment.refunds if each["id"] == refund_id)
    return _refund(
        refund_id,
        payment_id=payment.id,
        amount=recorded["amount"],
        currency=payment.currency,
        reason=reason,
        provider_refund_id=provider_refund_id,
        created_at=moment(datetime.fromisoformat(recorded["occurred_at"])),
    )


def of_status_change(change: StatusChange) -> dict[str, Any]:
    return {
        "id": change.change_id,
        "from_status": change.from_status,
        "to_status": change.to_status,
        "source": change.changed_by,
        "reason": change.reason,
        "created_at": moment(change.changed_at),
    }


def for_browser(body: dict[str, Any]) -> dict[str, Any]:
    """A payment without what is between the merchant and their customer."""
    private = dict.fromkeys(("customer", "customer_name", "customer_external_id"))
    return body | private | {"metadata": {}}


def for_strangers(body: dict[str, Any]) -> dict[str, Any]:
    """The same for whoever shows no key: not even that a customer was known, or since when."""
    return for_browser(body) | {"customer_id": None}


def _refund(
    refund_id: str,
    *,
    payment_id: str,
    amount: int,
    currency: str,
    reason: str | None,
    provider_refund_id: str | None,
    created_at: str | None,
) -> dict[str, Any]:
    """A refund is recorded once it has happened, so it never changes again."""
    return {
        "id": refund_id,
        "payment_id": payment_id,
        "amount": amount,
        "currency": currency,
        "status": "succeeded",
        "reason": reason,
        "provider_refund_id": provider_refund_id,
        "created_at": created_at,
        "updated_at": created_at,
    }


def _customer(
    customer_id: str, external_id: str | None, personal: Mapping[str, Any], tags: list[str]
) -> dict[str, Any]:
    return {
        "id": customer_id,
        "external_id": external_id,
        "email": personal["email"],
        "phone": personal["phone"],
        "name": personal["name"],
        "tags": tags,
    }


def _summary(
    payment_id: str,
    payment: Payment | PaymentRecord,
    org_id: str,
    customer_name: str | None,
) -> dict[str, Any]:
    return {
        "id": payment_id,
        "payment_id": payment_id,
        "org_id": org_id,
        "connection_id": None,
        "provider": payment.provider,
        "provider_ref_id": payment.provider_ref_id,
        "method": payment.method,
        "country": payment.country,
        "status": payment.status,
        "amount": payment.amount,
        "currency": payment.currency,
        "fee_amount": 0,
        "fee_currency": None,
        "net_amount": payment.amount,
        "captured_amount": payment.captured_amount,
        "refunded_amount": payment.refunded_amount,
        "customer_id": payment.customer_id,
        "customer_name": customer_name,
        "reference": payment.reference,
        "description": payment.description,
        "metadata": payment.metadata,
        "source": payment.source,
        "source_id": payment.source_id,
        "source_description": payment.source_description,
        "failure_code": payment.failure_code,
        "failure_message": payment.failure_message,
        "created_at": moment(payment.created_at),
        "updated_at": moment(payment.updated_at),
        "succeeded_at": moment(payment.succeeded_at),
    }


def _rest(
    payment: Payment | PaymentRecord,
    customer: dict[str, Any] | None,
    disputed_amount: int,
    client_secret: str | None,
) -> dict[str, Any]:
    return {
        "capture_method": payment.capture_method,
        "authorized_amount": payment.authorized_amount,
        "captured_at": moment(payment.succeeded_at),
        "disputed_amount": disputed_amount,
        "next_action": payment.next_action,
        "client_secret": client_secret,
        "session_secret": None,
        "psp_public_key": None,
        "psp_credentials": None,
        "available_psps": [],
        "branding": {},
        "route": [],
        "exchange_rate": None,
        "settled_at": None,
        "expires_at": None,
        "customer": customer,
        "customer_external_id": customer["external_id"] if customer else None,
    }
