"""Read models: the list of folds, derived tables and searched texts there are.

A fold maps one recorded fact to row changes and does nothing else: it reads no table, no clock,
no network. Each view module has one; they are listed here, with the derived tables, in the order
in which they are computed.
"""

from projections import (
    book_totals,
    customer_events,
    customer_summary,
    customer_totals,
    customers,
    disputes,
    event_counts,
    failed_attempts,
    invoices,
    movement_totals,
    payer_details,
    payment_links,
    payment_names,
    payment_status_history,
    payments,
    refunds_and_disputes,
    source_totals,
    subscriptions,
)
from projections.engine.folding.definitions import Definitions, Fold
from projections.engine.folding.derived_tables import Derived
from projections.engine.folding.tables import VIEWS
from projections.engine.folding.text_index import SearchIndex
from projections.payments_as_of import PaymentsAsOf, fold_uncreated
from projections.readable_views import READABLE

FOLDS: tuple[Fold, ...] = (
    customers.fold,
    payments.fold,
    payment_names.fold,
    payer_details.fold,
    payment_status_history.fold,
    refunds_and_disputes.fold,
    disputes.fold,
    failed_attempts.fold,
    book_totals.fold,
    customer_totals.fold,
    source_totals.fold,
    movement_totals.fold,
    payment_links.fold,
    subscriptions.fold,
    invoices.fold,
    customer_events.fold,
    event_counts.fold,
)
DERIVED: tuple[Derived, ...] = (customer_summary.derivation,)
SEARCHED: tuple[SearchIndex, ...] = (customers.search_index,)

DEFINITIONS = Definitions(
    metadata=VIEWS,
    folds=FOLDS,
    derived=DERIVED,
    searched=SEARCHED,
    name="projections.read_models:DEFINITIONS",
    mapper_as_of=PaymentsAsOf,
    folds_as_of=(fold_uncreated,),
    readable=READABLE,
)
