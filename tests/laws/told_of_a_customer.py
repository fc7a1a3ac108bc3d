"""Told of a customer: what every query that is about one of them says, to hold two ways against."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from projections.customer_events import last_positions_of_customer
from projections.customer_history import customer_history
from projections.customer_profiles import profile
from projections.invoices import InvoiceFilter, invoice_list
from projections.payment_list import PaymentFilter, payment_list
from projections.payment_status_history import status_history
from projections.payments import payment
from projections.prefill import prefill
from projections.source_breakdown import source_breakdown
from projections.subscriptions import SubscriptionFilter, subscription_list

_ALL = 100


def told_of_a_customer(
    views: Connection, book: str, customer_id: str, around: datetime
) -> list[Any]:
    paid = payment_list(views, book, PaymentFilter(customer_id=customer_id), limit=_ALL)
    subscribed = SubscriptionFilter(customer_id=customer_id)
    billed = InvoiceFilter(customer_id=customer_id)
    return [
        profile(views, book, customer_id),
        prefill(views, book, customer_id),
        *(
            source_breakdown(views, book, customer_id=customer_id, start=start, end=end)
            for start, end in ((None, None), (around, None), (None, around))
        ),
        paid,
        [payment(views, book, row.payment.payment_id) for row in paid.rows],
        [status_history(views, book, row.payment.payment_id, limit=_ALL) for row in paid.rows],
        customer_history(views, book, customer_id, limit=_ALL),
        subscription_list(views, book, subscribed, limit=_ALL),
        invoice_list(views, book, billed, limit=_ALL),
        last_positions_of_customer(views, book, customer_id, limit=_ALL),
    ]
