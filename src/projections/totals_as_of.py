"""Totals as of a moment: of a book, of customers and of sources, added up from rows of payments.

Each is a table of figures once more, as it follows from the rows: of now, or, once the statement is
rewritten, of a moment of the past.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    not_,
    select,
)

from projections.engine.folding.tables import key_names
from projections.engine.querying.conditions import same
from projections.failed_attempts import failed_attempts
from projections.payment_status_history import payment_status_history
from projections.payments import payments
from projections.refunds_and_disputes import LOST_DISPUTE, REFUND, refunds_and_disputes
from projections.rows_as_of import Names, columns, somebodys
from projections.source_totals import customer_sources, source_totals

# Rows that have the same keys, and figures of theirs.
Beside = Mapping[str, tuple[FromClause, ColumnElement[Any]]]

# As it is: PostgreSQL takes no two parameters for the same, in what it groups by.
NONE: ColumnElement[str] = literal_column("''", Text)


def _of(keys: tuple[str, ...]) -> FromClause:
    """The payments that have all of these keys."""
    return somebodys if "customer_id" in keys else payments


def _moments(paid: FromClause) -> dict[str, ColumnElement[Any]]:
    return {
        "first_payment_at": func.min(paid.c.succeeded_at),
        "last_payment_at": func.max(paid.c.succeeded_at),
        "last_created_at": func.max(paid.c.created_at),
    }


def _sum(amount: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(amount), 0), BigInteger)


def recomputed_book_totals(book: str, names: Names) -> Select[Any]:
    return _by_currency(book, names, ("currency",))


def recomputed_customer_totals(book: str, names: Names) -> Select[Any]:
    return _by_currency(book, names, ("customer_id", "currency"))


def _by_currency(book: str, names: Names, keys: tuple[str, ...]) -> Select[Any]:
    paid = _of(keys)
    told: dict[str, ColumnElement[Any]] = {
        **columns(paid, *keys),
        **_moments(paid),
        "payment_count": func.count(paid.c.created_at),
        "successful_payments": func.count(paid.c.succeeded_at),
        "total_spent": _sum(paid.c.captured_amount),
    }
    went_back = given_back(book, keys)
    failed = failed_payments(book, keys)
    beside = {
        "failed_payments": (failed, counted(failed.c.failed_payments)),
        "refund_count": (went_back, counted(went_back.c.refund_count)),
        "refund_amount": (went_back, counted(went_back.c.refunded_amount)),
        "disputed_amount": (went_back, counted(went_back.c.disputed_amount)),
    }
    return grouped(book, keys, told, beside, names)


def grouped(
    book: str,
    keys: tuple[str, ...],
    told: Mapping[str, ColumnElement[Any]],
    beside: Beside,
    names: Names,
) -> Select[Any]:
    """Payments added up by these keys, and beside them what was added up of other rows by them.

    Raises KeyError for a figure that is not told.
    """
    paid = _of(keys)
    row = paid.c
    own = {name: told[name] for name in sorted({*names, *keys} - {"book"}) if name not in beside}
    added = [row.book == book]
    if "customer_id" in keys:
        added.append(row.customer_id.is_not(None))
    by = [_key(paid, name) for name in keys]
    added_up = (
        select(row.book, *(column.label(name) for name, column in own.items()))
        .where(*added)
        .group_by(row.book, *by)
    )
    wanted = [name for name in sorted(names) if name in beside]
    if not wanted:
        return added_up
    each = added_up.subquery("added_up")
    joined: FromClause = each
    for rows in dict.fromkeys(beside[name][0] for name in wanted):
        joined = joined.outerjoin(rows, and_(*(rows.c[name] == each.c[name] for name in keys)))
    others = (beside[name][1].label(name) for name in wanted)
    return select(*(each.c[name] for name in ("book", *own)), *others).select_from(joined)


def counted(figure: ColumnElement[int]) -> ColumnElement[int]:
    """0 where there are no such rows."""
    return func.coalesce(figure, 0)


def _key(rows: FromClause, name: str) -> ColumnElement[Any]:
    return func.coalesce(rows.c[name], NONE) if name == "source_id" else rows.c[name]


def given_back(book: str, keys: tuple[str, ...]) -> FromClause:
    """Refunds and lost disputes by these keys."""
    row = refunds_and_disputes.c

    def of(kind: str, amount: ColumnElement[Any]) -> ColumnElement[int]:
        return _sum(case((row.kind == kind, amount), else_=0))

    by = [_key(refunds_and_disputes, name) for name in keys]
    return (
        select(
            *(column.label(name) for name, column in zip(keys, by, strict=True)),
            of(REFUND, literal(1)).label("refund_count"),
            of(REFUND, row.amount).label("refunded_amount"),
            of(LOST_DISPUTE, literal(1)).label("dispute_count"),
            of(LOST_DISPUTE, row.amount).label("disputed_amount"),
        )
        .where(row.book == book)
        .group_by(*by)
        .subquery("given_back")
    )


def failed_payments(book: str, keys: tuple[str, ...]) -> FromClause:
    """How many payments had failed, and had become nothing else since."""
    row, failed, later = failed_attempts.c, payments.alias("failed"), payment_status_history
    since = (
        select(literal(1))
        .where(same(later, failed_attempts, "payment_id"), later.c.position > row.position)
        .correlate(failed_attempts)
        .exists()
    )
    return (
        select(*(failed.c[name] for name in keys), func.count().label("failed_payments"))
        .select_from(failed_attempts.join(failed, same(failed, failed_attempts, "payment_id")))
        .where(row.book == book, not_(since))
        .group_by(*(failed.c[name] for name in keys))
        .subquery("failed")
    )


def recomputed_source_totals(book: str, names: Names) -> Select[Any]:
    return _by_source(book, names, key_names(source_totals))


def recomputed_customer_sources(book: str, names: Names) -> Select[Any]:
    return _by_source(book, names, key_names(customer_sources))


def _by_source(book: str, names: Names, keys: tuple[str, ...]) -> Select[Any]:
    paid = _of(keys)
    told: dict[str, ColumnElement[Any]] = {
        **columns(paid, *keys),
        **_moments(paid),
        "source_id": _key(paid, "source_id"),
        "created": func.count(paid.c.created_at),
        "succeeded": func.count(paid.c.succeeded_at),
        "amount": _sum(paid.c.captured_amount),
    }
    went_back = given_back(book, keys)
    beside = {
        name: (went_back, counted(went_back.c[name]))
        for name in ("refunded_amount", "disputed_amount")
    }
    return grouped(book, keys, told, beside, names)
