"""Variables: what a message may say of what happened, in the words and figures of its readers."""

from datetime import datetime
from typing import Any

from delivery.looks.readers import Reader, reader_in
from delivery.messages.variables import VARIABLES
from delivery.receipts.receipt import METHODS
from domain.customer import Customer
from domain.event_types import type_of
from domain.fact import Entity, Fact
from domain.invoice import Invoice
from domain.organization import Organization
from domain.payment import Payment
from domain.receipt_number import receipt_number
from domain.subscription import Subscription
from domain.time_zone import zone_of


def variables_of(
    fact: Fact,
    subject: Entity,
    customer: Customer | None,
    organization: Organization,
    *,
    unsubscribe_url: str = "",
) -> dict[str, str]:
    """Each is a text, which is empty for what is not known."""
    reader, zone = reader_in(organization.country), organization.time_zone
    said: dict[str, Any] = {
        "event": type_of(fact.TOPIC) or "",
        "id": subject.id,
        "organization_name": organization.stated_name,
        "organization_color": organization.color,
        "unsubscribe_url": unsubscribe_url,
    }
    said |= _moment(fact.occurred_at, zone)
    said |= _of_customer(customer) | _of_subject(subject, fact, reader, zone)
    return dict.fromkeys(VARIABLES, "") | {
        name: "" if value is None else str(value) for name, value in said.items()
    }


def _of_customer(customer: Customer | None) -> dict[str, Any]:
    if customer is None or customer.deleted:
        return {}
    return {
        "customer_id": customer.id,
        "customer_external_id": customer.external_id,
        "customer_tags": ", ".join(customer.tags),
        **{f"customer_{name}": customer.personal[name] for name in ("email", "phone", "name")},
        **_noted("customer_metadata_", customer.metadata),
    }


def _of_subject(subject: Entity, fact: Fact, reader: Reader, zone: str | None) -> dict[str, Any]:
    match subject:
        case Payment():
            return _of_payment(subject, reader) | _of_refund(fact, reader)
        case Subscription():
            plan = subject.plan
            return {
                "status": subject.status,
                "plan": plan["metadata"].get("plan_name") or plan["plan_id"],
                "payment_method": METHODS.get(plan["method"], plan["method"]),
                "due_date": _moment(subject.next_renewal_at, zone).get("date"),
                **_money("", plan["amount"], plan["currency"], reader),
                **_noted("metadata_", plan["metadata"]),
            }
        case Invoice():
            return {
                "status": subject.status,
                "payment_id": subject.payment_id,
                "invoice_number": subject.written_number,
                "plan": subject.plan_id,
                "due_date": _moment(subject.due_at, zone)["date"],
                "failure_message": getattr(fact, "failure_code", None),
                **_money("", subject.amount, subject.currency, reader),
                **_noted("metadata_", subject.metadata),
            }
        case Customer():
            return _noted("metadata_", subject.metadata)
        case _:
            return {}


def _of_payment(payment: Payment, reader: Reader) -> dict[str, Any]:
    paid = payment.captured_amount or payment.amount
    return {
        "payment_id": payment.id,
        "receipt_number": receipt_number(payment.id),
        "status": payment.status,
        "description": payment.source_description or payment.description,
        "reference": payment.reference,
        "payment_method": METHODS.get(payment.method, payment.method),
        "failure_message": payment.failure_message,
        **_money("", paid, payment.currency, reader),
        **_noted("metadata_", payment.metadata),
    }


def _of_refund(fact: Fact, reader: Reader) -> dict[str, Any]:
    if not isinstance(fact, Payment.Refunded):
        return {}
    money = _money("refund_", fact.refund_amount, fact.currency, reader)
    return {**money, "refund_reason": fact.reason}


def _money(prefix: str, amount: int, currency: str, reader: Reader) -> dict[str, str]:
    return {
        f"{prefix}amount": reader.figure(amount, currency),
        f"{prefix}money": reader.money(amount, currency),
        "currency": currency,
    }


def _moment(moment: datetime | None, zone: str | None) -> dict[str, str]:
    if moment is None:
        return {}
    there = moment.astimezone(zone_of(zone or "UTC"))
    return {"date": f"{there.day} {there:%B %Y}", "time": f"{there:%H:%M %Z}"}


def _noted(prefix: str, metadata: Any) -> dict[str, str]:
    """A merchant's own notes: texts, numbers and truths, by their names."""
    return {
        f"{prefix}{name}": str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in metadata.items()
        if isinstance(value, str | int | float)
    }
