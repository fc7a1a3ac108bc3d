"""Figures as of a moment: which tables say how they stood, of rows and of what is added up."""

from projections.book_totals import book_totals
from projections.customer_figures_as_of import (
    recomputed_activity,
    recomputed_counts,
    recomputed_methods,
    recomputed_summary,
)
from projections.customer_summary import customer_summary
from projections.customer_totals import customer_activity, customer_methods, customer_totals
from projections.customers import customer_counts, customers
from projections.days_as_of import recomputed_payment_mix, recomputed_revenue
from projections.engine.time_travel.as_seen import PastTables
from projections.failed_attempts import failed_attempts
from projections.movement_totals import payment_mix, revenue
from projections.payment_status_history import payment_status_history
from projections.payments import payments
from projections.refunds_and_disputes import refunds_and_disputes
from projections.rows_as_of import (
    customers_as_seen,
    failed_attempts_as_seen,
    payments_as_seen,
    refunds_and_disputes_as_seen,
    somebodys,
    somebodys_as_seen,
    status_changes_as_seen,
)
from projections.source_totals import customer_sources, source_totals
from projections.totals_as_of import (
    recomputed_book_totals,
    recomputed_customer_sources,
    recomputed_customer_totals,
    recomputed_source_totals,
)

PAST = PastTables(
    as_seen={
        payments: payments_as_seen,
        somebodys: somebodys_as_seen,
        failed_attempts: failed_attempts_as_seen,
        payment_status_history: status_changes_as_seen,
        refunds_and_disputes: refunds_and_disputes_as_seen,
        customers: customers_as_seen,
    },
    recomputed={
        book_totals: recomputed_book_totals,
        customer_totals: recomputed_customer_totals,
        source_totals: recomputed_source_totals,
        customer_sources: recomputed_customer_sources,
        customer_activity: recomputed_activity,
        customer_methods: recomputed_methods,
        customer_summary: recomputed_summary,
        revenue: recomputed_revenue,
        payment_mix: recomputed_payment_mix,
        customer_counts: recomputed_counts,
    },
)
