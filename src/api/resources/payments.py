"""The payment resource, with its status history."""

from typing import Any, Final, Literal

from pydantic import Field

from api.http.customer_fields import without_customers
from api.resources.customers import Source
from api.resources.shapes import Amount, Count, Currency, Moment, Pagination, Shape
from domain.customer import Customer as CustomerAggregate
from domain.payer_details import PayerDetails
from domain.payment import Payment as PaymentAggregate
from domain.payment_types import Status
from projections import payment_status_history
from projections.customers import CustomerRecord
from projections.payer_details import Said
from projections.payment_list import ListedPayment
from projections.payments import PaymentRecord

CaptureMethod = Literal["automatic", "manual"]


class PaymentCustomer(Shape):
    """Who paid, as much as a receipt needs."""

    id: str
    external_id: str | None
    email: str | None
    phone: str | None
    name: str | None
    tags: list[str]


class Payer(Shape):
    """What a payer said of themselves; a phone number as it was typed, if nobody can place it."""

    email: str | None
    phone: str | None = Field(examples=["+233501234567"])
    name: str | None
    network: str | None = Field(
        description="Whose mobile money they said they have.", examples=["mtn"]
    )


class PaymentSummary(Shape):
    """One row of a list of payments; ``payment_id`` and ``id`` are the same."""

    id: str = Field(examples=["pay_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    payment_id: str = Field(examples=["pay_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    connection_id: str | None
    provider: str | None
    provider_ref_id: str | None
    method: str = Field(examples=["mobile_money"])
    country: str | None = Field(examples=["GH"])
    status: Status
    amount: Amount
    currency: Currency
    fee_amount: Amount
    fee_currency: Currency | None
    net_amount: Amount
    captured_amount: Amount
    refunded_amount: Amount
    disputed_amount: Amount
    customer_id: str | None
    customer_name: str | None
    reference: str | None
    description: str | None
    metadata: dict[str, Any]
    source: Source
    source_id: str | None = Field(examples=["pl_abc123"])
    source_description: str | None = Field(examples=["Summer Sale - Premium Plan"])
    failure_code: str | None
    failure_message: str | None
    created_at: Moment
    updated_at: Moment
    succeeded_at: Moment | None


class Payment(PaymentSummary):
    """All of one payment."""

    capture_method: CaptureMethod
    authorized_amount: Amount
    captured_at: Moment | None
    next_action: dict[str, Any] | None
    client_secret: str | None
    session_secret: str | None
    psp_public_key: str | None
    psp_credentials: dict[str, Any] | None
    available_psps: list[dict[str, Any]]
    branding: dict[str, Any]
    route: list[dict[str, Any]]
    exchange_rate: float | None
    settled_at: Moment | None
    expires_at: Moment | None
    customer: PaymentCustomer | None
    customer_external_id: str | None
    payer: Payer | None


class Payments(Shape):
    """A page of one customer's payments."""

    payments: list[PaymentSummary]
    pagination: Pagination


class PaymentsExport(Shape):
    """Every payment that was asked for."""

    payments: list[PaymentSummary]
    total: Count


class StatusChange(Shape):
    """One step of a payment's life."""

    id: int
    from_status: str | None
    to_status: str
    source: str
    reason: str | None
    created_at: Moment


# What no payment has here: providers are the merchant's own.
_SUMMARY: Final[dict[str, Any]] = {"connection_id": None, "fee_amount": 0, "fee_currency": None}
_WHOLE: Final[dict[str, Any]] = _SUMMARY | {
    "client_secret": None,
    "session_secret": None,
    "psp_public_key": None,
    "psp_credentials": None,
    "available_psps": [],
    "branding": {},
    "route": [],
    "exchange_rate": None,
    "settled_at": None,
    "expires_at": None,
}


def payment_of(
    payment: PaymentAggregate,
    org_id: str,
    customer: CustomerAggregate | None = None,
    details: PayerDetails | None = None,
) -> dict[str, Any]:
    """The whole payment, as a command leaves it; its secrets are told beside it."""
    known = known_customer_of(customer)
    payer = Payer.of(details, **details.personal) if details else None
    return _whole(
        payment, payment.id, org_id, known, payer=payer, disputed_amount=payment.lost_amount
    )


def known_customer_of(customer: CustomerAggregate | None) -> dict[str, Any] | None:
    """Whoever was deleted is told of no more."""
    if customer is None or customer.deleted:
        return None
    return PaymentCustomer.of(customer, **customer.personal)


def recorded_payment_of(
    payment: PaymentRecord,
    org_id: str,
    *,
    customer: CustomerRecord | None,
    said: Said | None,
    client_secret: str,
) -> dict[str, Any]:
    """The whole payment, as the views know it."""
    known = PaymentCustomer.of(customer, id=customer.customer_id) if customer else None
    payer = Payer.of(said) if said else None
    return _whole(
        payment, payment.payment_id, org_id, known, payer=payer, client_secret=client_secret
    )


def listed_payment_of(listed: ListedPayment, org_id: str) -> dict[str, Any]:
    payment = listed.payment
    return PaymentSummary.of(
        payment,
        **_SUMMARY,
        id=payment.payment_id,
        org_id=org_id,
        net_amount=_net_amount(payment),
        customer_name=listed.customer_name,
    )


def status_change_of(change: payment_status_history.StatusChange) -> dict[str, Any]:
    return StatusChange.of(
        change, id=change.change_id, source=change.changed_by, created_at=change.changed_at
    )


def for_strangers(body: dict[str, Any]) -> dict[str, Any]:
    """A payment without what is between the merchant and their customer.

    Not even whether they have one: an id tells since when.
    """
    return without_customers(body) | {"metadata": {}}


def _whole(
    payment: PaymentAggregate | PaymentRecord,
    payment_id: str,
    org_id: str,
    customer: dict[str, Any] | None,
    **given: Any,
) -> dict[str, Any]:
    return Payment.of(
        payment,
        **_WHOLE
        | {
            "id": payment_id,
            "payment_id": payment_id,
            "org_id": org_id,
            "net_amount": _net_amount(payment),
            "customer_name": customer and customer["name"],
            "captured_at": payment.succeeded_at,
            "customer": customer,
            "customer_external_id": customer and customer["external_id"],
        }
        | given,
    )


def _net_amount(payment: PaymentAggregate | PaymentRecord) -> int:
    """What was paid, once it is; nobody takes a fee of it here."""
    return payment.amount if payment.succeeded_at is None else payment.captured_amount
