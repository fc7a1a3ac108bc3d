"""Customer summary: one row for each customer, by which lists filter and sort.

Profiles take currency, method and risk from it, which are computed from its totals.

`currency` is the one with most successful payments; ties: the latest. Before any success it is the
one with most payments created, so that there is one in which to say "0". `preferred_method` is
null until then. Payments are counted, and the first and last of them are told, across currencies.

`risk_score` is a number from 0 to 100: of a hundred payments created, how many failed, were given
back or were lost in a dispute (each refund and each lost dispute counts), one decimal; 0 for a
customer without payments.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    FromClause,
    Select,
    case,
    func,
    select,
)

from projections.customer_totals import customer_activity, customer_methods, customer_totals
from projections.customers import customers
from projections.engine.folding.derived_tables import derived
from projections.engine.folding.tables import computed, key
from projections.engine.querying.conditions import same


def _computed(touched: FromClause) -> Select[Any]:
    activity, known = customer_activity.c, customers.c

    def of_customer(table: FromClause) -> Any:
        return same(table, touched, "customer_id")

    return select(
        touched.c.book,
        touched.c.customer_id,
        known.registered_at,
        known.deleted_at,
        _main_currency(touched).label("currency"),
        _preferred_method(touched).label("preferred_method"),
        func.coalesce(activity.payment_count, 0).label("payment_count"),
        activity.first_payment_at,
        activity.last_payment_at,
        activity.first_source,
        activity.first_source_id,
        risk().label("risk_permille"),
    ).select_from(
        touched.outerjoin(customers, of_customer(customers)).outerjoin(
            customer_activity, of_customer(customer_activity)
        )
    )


# A customer has a handful of rows in each of these two: looking them up through the key is what
# stays quick for a whole book.


def _main_currency(touched: FromClause) -> Any:
    used = customer_totals.alias("used").c
    return (
        select(used.currency)
        .where(used.book == touched.c.book, used.customer_id == touched.c.customer_id)
        .order_by(*most_used_first(used), used.currency)
        .limit(1)
        .correlate(touched)
        .scalar_subquery()
    )


def _preferred_method(touched: FromClause) -> Any:
    used = customer_methods.alias("used").c
    return (
        select(used.method)
        .where(
            used.book == touched.c.book,
            used.customer_id == touched.c.customer_id,
            used.successful_payments > 0,
        )
        .group_by(used.method)
        .order_by(
            func.sum(used.successful_payments).desc(),
            func.max(used.last_payment_at).desc(),
            used.method,
        )
        .limit(1)
        .correlate(touched)
        .scalar_subquery()
    )


def most_used_first(column: Any) -> tuple[Any, ...]:
    return (
        column.successful_payments.desc(),
        column.last_payment_at.desc().nulls_last(),
        column.payment_count.desc(),
        column.last_created_at.desc().nulls_last(),
    )


def risk() -> Any:
    activity = customer_activity.c
    bad = activity.failed_payments + activity.refund_count + activity.dispute_count
    return case(
        (func.coalesce(activity.payment_count, 0) == 0, 0),
        (bad >= activity.payment_count, 1000),
        else_=1000 * bad // activity.payment_count,
    )


derivation = derived(
    "customer_summary",
    key("customer_id"),
    computed("registered_at", BigInteger),
    computed("deleted_at", BigInteger),
    computed("currency"),
    computed("preferred_method"),
    computed("payment_count", BigInteger),
    computed("first_payment_at", BigInteger),
    computed("last_payment_at", BigInteger),
    computed("first_source"),
    computed("first_source_id"),
    computed("risk_permille", BigInteger),
    sources=[customers, customer_activity, customer_totals, customer_methods],
    compute=_computed,
    indexes=[
        ("registered_at", "customer_id"),
        ("payment_count", "customer_id"),
        ("last_payment_at", "customer_id"),
        ("risk_permille", "customer_id"),
        ("first_source", "first_source_id", "customer_id"),
    ],
)

customer_summary = derivation.table
