"""What payments, refunds and status changes look like from outside."""

from typing import Any, Literal

from pydantic import Field

from api.bodies.customers import Source
from api.bodies.shapes import Amount, Count, Currency, Moment, Pagination, Shape
from domain.payment_types import Status

CaptureMethod = Literal["automatic", "manual"]


class PaymentCustomer(Shape):
    """Who paid, as much as a receipt needs."""

    id: str
    external_id: str | None
    email: str | None
    phone: str | None
    name: str | None
    tags: list[str]


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
    fee_currency: str | None
    net_amount: Amount
    captured_amount: Amount
    refunded_amount: Amount
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
    disputed_amount: Amount
    next_action: dict[str, Any] | None
    client_secret: str | None = Field(
        description="Lets a browser confirm this payment and nothing else."
    )
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


class Payments(Shape):
    """A page of one customer's payments."""

    payments: list[PaymentSummary]
    pagination: Pagination


class PaymentsExport(Shape):
    """Every payment that was asked for."""

    payments: list[PaymentSummary]
    total: Count


class Refund(Shape):
    """Money that was given back."""

    id: str = Field(examples=["ref_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    payment_id: str
    amount: Amount
    currency: Currency
    status: Literal["pending", "processing", "succeeded", "failed", "manual_review"]
    reason: str | None
    provider_refund_id: str | None
    created_at: Moment
    updated_at: Moment


class StatusChange(Shape):
    """One step of a payment's life."""

    id: int
    from_status: str | None
    to_status: str
    source: str
    reason: str | None
    created_at: Moment
