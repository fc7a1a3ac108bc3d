"""Readable views: what a generation shows to those who read it with SQL.

``docs/reading-the-store.md`` explains them; amounts are in the minor unit of the currency that
stands beside them.
"""

from projections.customers import customers
from projections.disputes import disputes
from projections.engine.folding.readable_views import (
    ReadableView,
    Shown,
    as_it_is,
    inside,
    moment,
)
from projections.invoices import invoices
from projections.payment_links import payment_links
from projections.payments import payments
from projections.refunds_and_disputes import refunds_and_disputes
from projections.subscriptions import subscriptions


def _as_they_are(*columns: str) -> tuple[Shown, ...]:
    return tuple(map(as_it_is, columns))


READABLE = (
    ReadableView(
        "readable_customers",
        customers,
        "registered_at",
        (
            *_as_they_are("customer_id", "external_id", "name", "email", "phone"),
            *_as_they_are("tags", "metadata"),
            *map(moment, ("registered_at", "updated_at", "deleted_at")),
        ),
    ),
    ReadableView(
        "readable_payments",
        payments,
        "created_at",
        (
            *_as_they_are("payment_id", "customer_id", "status", "currency", "amount"),
            *_as_they_are("captured_amount", "refunded_amount", "disputed_amount"),
            *_as_they_are("method", "country", "provider", "provider_ref_id"),
            *_as_they_are("source", "source_id", "source_description"),
            *_as_they_are("reference", "description", "metadata"),
            *_as_they_are("failure_code", "failure_message"),
            *map(moment, ("created_at", "succeeded_at", "updated_at")),
        ),
    ),
    ReadableView(
        "readable_refunds",
        refunds_and_disputes,
        "happened_at",
        (
            as_it_is("id", "refund_id"),
            *_as_they_are("payment_id", "customer_id", "currency", "amount"),
            *_as_they_are("reason", "provider_refund_id"),
            moment("happened_at"),
        ),
        only="kind = 'refund'",
    ),
    ReadableView(
        "readable_disputes",
        disputes,
        "opened_at",
        (
            *_as_they_are("dispute_id", "payment_id", "status", "currency", "amount", "reason"),
            *map(moment, ("opened_at", "moved_at")),
        ),
    ),
    ReadableView(
        "readable_payment_links",
        payment_links,
        "created_at",
        (
            *_as_they_are("link_id", "code"),
            inside("terms", "name"),
            *_as_they_are("currency", "views", "uses", "max_uses"),
            *map(moment, ("created_at", "updated_at", "expires_at", "deleted_at")),
        ),
    ),
    ReadableView(
        "readable_subscriptions",
        subscriptions,
        "created_at",
        (
            *_as_they_are("subscription_id", "customer_id", "plan_id", "status"),
            *_as_they_are("currency", "amount", "period", "latest_invoice_id"),
            *map(moment, ("created_at", "starts_at", "next_renewal_at", "ends_at")),
        ),
    ),
    ReadableView(
        "readable_invoices",
        invoices,
        "created_at",
        (
            *_as_they_are("invoice_id", "number_prefix", "number", "subscription_id"),
            *_as_they_are("customer_id", "payment_id", "plan_id", "status", "currency", "amount"),
            *_as_they_are("period", "retry_count"),
            *map(moment, ("period_start", "period_end", "due_at", "paid_at", "created_at")),
        ),
    ),
)
