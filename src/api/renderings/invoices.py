"""How an invoice, as a command leaves it or as the views know it, becomes an answer."""

from typing import Any

from api.renderings.values import moment
from domain.invoice import Invoice
from projections.invoices import InvoiceRecord


def of_aggregate(invoice: Invoice, *, org_id: str) -> dict[str, Any]:
    return _whole(invoice.id, invoice, org_id)


def of_record(invoice: InvoiceRecord, *, org_id: str) -> dict[str, Any]:
    return _whole(invoice.invoice_id, invoice, org_id)


def _whole(invoice_id: str, invoice: Invoice | InvoiceRecord, org_id: str) -> dict[str, Any]:
    due_at = moment(invoice.due_at)
    return {
        "id": invoice_id,
        "org_id": org_id,
        "subscription_id": invoice.subscription_id,
        "customer_id": invoice.customer_id,
        "plan_id": invoice.plan_id,
        "payment_id": invoice.payment_id,
        "amount": invoice.amount,
        "currency": invoice.currency,
        "status": invoice.status,
        "period": invoice.period,
        "period_start": moment(invoice.period_start),
        "period_end": moment(invoice.period_end),
        "due_at": due_at,
        "due_date": due_at,
        "paid_at": moment(invoice.paid_at),
        "retry_count": invoice.retry_count,
        "max_retries": invoice.max_retries,
        "next_retry_at": moment(invoice.next_retry_at),
        "metadata": invoice.metadata,
        "created_at": moment(invoice.created_at),
        "updated_at": moment(invoice.updated_at),
    }
