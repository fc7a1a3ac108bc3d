"""The invoice resource."""

from typing import Any

from pydantic import Field

from api.resources.shapes import Amount, Count, Currency, Moment, Pagination, Shape
from domain.invoice import Invoice as InvoiceAggregate
from domain.invoice import InvoiceStatus
from projections.invoices import InvoiceRecord


class Invoice(Shape):
    """One period of a subscription; ``due_at`` and ``due_date`` are the same."""

    id: str = Field(examples=["inv_01hxa2b3c4d5e6f7g8h9jkmnpq"])
    org_id: str
    subscription_id: str
    customer_id: str | None
    plan_id: str
    payment_id: str
    amount: Amount
    currency: Currency
    status: InvoiceStatus
    number: str | None = Field(examples=["INV-000017"])
    period: Count
    period_start: Moment
    period_end: Moment
    due_at: Moment
    due_date: Moment
    paid_at: Moment | None
    retry_count: Count
    max_retries: Count
    next_retry_at: Moment | None
    metadata: dict[str, Any]
    created_at: Moment
    updated_at: Moment


class ListedInvoice(Invoice):
    """With what its customer is called; null where that is not known."""

    customer_name: str | None


class Invoices(Shape):
    """A page of invoices."""

    invoices: list[Invoice]
    pagination: Pagination


class InvoicesExport(Shape):
    """Every invoice that was asked for."""

    invoices: list[ListedInvoice]
    total: Count


def invoice_of(invoice: InvoiceAggregate | InvoiceRecord, org_id: str) -> dict[str, Any]:
    """An invoice, as a command leaves it or as the views know it."""
    return Invoice.of(
        invoice,
        id=invoice.invoice_id if isinstance(invoice, InvoiceRecord) else invoice.id,
        org_id=org_id,
        due_date=invoice.due_at,
        number=invoice.written_number,
    )
