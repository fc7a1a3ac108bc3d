"""Customer figures as of a moment: first payments, methods and summaries, from rows of payments."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, select

from projections.customer_summary import most_used_first, risk
from projections.customer_totals import customer_activity, customer_methods, customer_totals
from projections.customers import customers
from projections.engine.querying.conditions import same
from projections.rows_as_of import Names, rows_of, somebodys
from projections.totals_as_of import NONE, counted, failed_payments, given_back, grouped

_FIRST: dict[str, ColumnElement[Any]] = {
    "customer_id": somebodys.c.customer_id,
    "first_payment_at": somebodys.c.succeeded_at,
    "first_payment_id": somebodys.c.payment_id,
    "first_source": somebodys.c.source,
    "first_source_id": somebodys.c.source_id,
    "first_source_description": somebodys.c.source_description,
    "first_currency": somebodys.c.currency,
    "first_amount": somebodys.c.captured_amount,
}


def recomputed_activity(book: str, names: Names) -> Select[Any]:
    if set(names) <= _FIRST.keys() | {"book"}:
        return _firsts(book, names)
    paid, keys = somebodys.c, ("customer_id",)
    told: dict[str, ColumnElement[Any]] = {
        "customer_id": paid.customer_id,
        "payment_count": func.count(paid.created_at),
        "last_payment_at": func.max(paid.succeeded_at),
    }
    failed, went_back = failed_payments(book, keys), given_back(book, keys)
    first = _firsts(book, ["book", *_FIRST]).subquery("first")
    beside = {
        "failed_payments": (failed, counted(failed.c.failed_payments)),
        "refund_count": (went_back, counted(went_back.c.refund_count)),
        "dispute_count": (went_back, counted(went_back.c.dispute_count)),
        **{name: (first, first.c[name]) for name in _FIRST if name != "customer_id"},
    }
    return grouped(book, keys, told, beside, names)


def _firsts(book: str, names: Names) -> Select[Any]:
    """The first payment of each customer, by when it succeeded."""
    row = somebodys.c
    earliest = (row.succeeded_at, row.succeeded_position)
    place = func.row_number().over(partition_by=row.customer_id, order_by=earliest)
    paid = (
        rows_of(somebodys, _FIRST, names)
        .add_columns(place.label("place"))
        .where(row.book == book, row.customer_id.is_not(None), row.succeeded_at.is_not(None))
        .subquery("paid")
    )
    return select(*(paid.c[name] for name in sorted(names))).where(paid.c.place == 1)


def recomputed_methods(book: str, names: Names) -> Select[Any]:
    row = somebodys.c
    keys = {
        "customer_id": row.customer_id,
        "method": row.method,
        "provider": func.coalesce(row.provider, NONE),
    }
    told = {
        **keys,
        "successful_payments": func.count(),
        "last_payment_at": func.max(row.succeeded_at),
    }
    paid = (row.customer_id.is_not(None), row.succeeded_at.is_not(None))
    found = rows_of(somebodys, told, names).where(row.book == book, *paid)
    return found.group_by(row.book, *keys.values())


def recomputed_summary(book: str, names: Names) -> Select[Any]:
    """What `customer_summary` looks up for each customer, worked out for all of them at once."""
    told, of = _currencies(book), _methods(book)
    everybody = (
        customers.outerjoin(customer_activity, same(customer_activity, customers, "customer_id"))
        .outerjoin(told, told.c.customer_id == customers.c.customer_id)
        .outerjoin(of, of.c.customer_id == customers.c.customer_id)
    )
    among: dict[str, ColumnElement[Any]] = {
        "book": customers.c.book,
        "customer_id": customers.c.customer_id,
        "currency": told.c.currency,
        "preferred_method": of.c.method,
        "risk_permille": risk(),
    }
    return (
        select(*(among[name].label(name) for name in sorted(names)))
        .select_from(everybody)
        .where(customers.c.book == book)
    )


def _currencies(book: str) -> FromClause:
    """The currency each customer uses most."""
    used = customer_totals.c
    place = func.row_number().over(
        partition_by=used.customer_id, order_by=[*most_used_first(used), used.currency]
    )
    found = select(used.customer_id, used.currency, place.label("place")).where(used.book == book)
    return _first(found)


def _methods(book: str) -> FromClause:
    """The method each customer has succeeded by most, the latest of several."""
    used = customer_methods.c
    by_method = (
        select(
            used.customer_id,
            used.method,
            func.sum(used.successful_payments).label("successful_payments"),
            func.max(used.last_payment_at).label("last_payment_at"),
        )
        .where(used.book == book, used.successful_payments > 0)
        .group_by(used.customer_id, used.method)
        .subquery("by_method")
    ).c
    most = [by_method.successful_payments.desc(), by_method.last_payment_at.desc()]
    place = func.row_number().over(
        partition_by=by_method.customer_id, order_by=[*most, by_method.method]
    )
    return _first(select(by_method.customer_id, by_method.method, place.label("place")))


def _first(placed: Select[Any]) -> FromClause:
    found = placed.subquery()
    return select(found).where(found.c.place == 1).subquery()


def recomputed_counts(book: str, names: Names) -> Select[Any]:
    row = customers.c
    told = {
        "registered": func.count(row.registered_at),
        "deleted": func.count(row.deleted_at),
    }
    return rows_of(customers, told, names).where(row.book == book).group_by(row.book)
