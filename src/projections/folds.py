"""The read models there are.

A fold maps one recorded fact to row changes and does nothing else: it reads no table, no clock,
no network. Each view module has one; they are listed here, with the derived tables, in the order
in which they are computed.
"""

from projections import (
    book_totals,
    customer_standing,
    customer_totals,
    customers,
    disputes,
    failures,
    invoices,
    payment_links,
    payment_mix,
    payment_status_history,
    payments,
    revenue,
    reversals,
    source_totals,
    subscriptions,
)
from projections.definitions import Definitions, Fold
from projections.derived import Derived
from projections.rows import VIEWS
from projections.search import SearchIndex

FOLDS: tuple[Fold, ...] = (
    customers.fold,
    payments.fold,
    payment_status_history.fold,
    reversals.fold,
    disputes.fold,
    failures.fold,
    book_totals.fold,
    customer_totals.fold,
    source_totals.fold,
    revenue.fold,
    payment_mix.fold,
    payment_links.fold,
    subscriptions.fold,
    invoices.fold,
)
DERIVED: tuple[Derived, ...] = (customer_standing.derivation,)
SEARCHED: tuple[SearchIndex, ...] = (customers.search_index,)

DEFINITIONS = Definitions(
    metadata=VIEWS,
    folds=FOLDS,
    derived=DERIVED,
    searched=SEARCHED,
    name="projections.folds:DEFINITIONS",
)
