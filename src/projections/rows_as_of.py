"""Rows as of a moment: what payments, refunds, failures and customers were, by what had happened.

A payment is created and succeeds once, is attached to a customer once, and each failure, refund and
lost dispute has a row of its own: when each happened and where it was recorded is enough to tell
what had happened by any moment.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    func,
    not_,
    null,
    or_,
    select,
)

from projections.customers import customers
from projections.engine.querying.conditions import same
from projections.engine.time_travel.as_seen import Seen
from projections.failed_attempts import failed_attempts
from projections.payment_status_history import payment_status_history
from projections.payments import method_selections, payments
from projections.refunds_and_disputes import refunds_and_disputes

Names = Collection[str]

# Payments of customers who are known: as they are stored, in the order of an index.
somebodys = payments.alias("somebodys")

_MOMENTS = {"created_at", "succeeded_at"}


def payments_as_seen(seen: Seen, names: Names) -> Select[Any]:
    """Where one of its moments alone is asked for, without those of which it was not seen."""
    found = _payments(seen, names, _whose(seen, payments, payments.c.customer_id))
    return found.where(*_of_customers(seen, payments.c.customer_id))


def somebodys_as_seen(seen: Seen, names: Names) -> Select[Any]:
    row = payments.c
    attached = or_(row.attached_position.is_(None), seen(row.attached_at, row.attached_position))
    found = _payments(seen, names, row.customer_id).where(row.customer_id.is_not(None), attached)
    return found.where(*_of_customers(seen, row.customer_id))


def _payments(seen: Seen, names: Names, customer_id: ColumnElement[Any]) -> Select[Any]:
    row = payments.c
    created = seen(row.created_at, row.created_position)
    succeeded = seen(row.succeeded_at, row.succeeded_position)
    among = {"created_at": created, "succeeded_at": succeeded}
    asked = [each for name, each in among.items() if name in names] or list(among.values())
    told = {
        **columns(payments, "payment_id", "currency", "source", "source_id", "source_description"),
        **columns(payments, "country", "first_provider"),
        "customer_id": customer_id,
        "method": _method(seen),
        "status": _status(seen),
        "created_at": case((created, row.created_at)),
        "created_position": case((created, row.created_position)),
        "succeeded_at": case((succeeded, row.succeeded_at)),
        "succeeded_position": case((succeeded, row.succeeded_position)),
        # Until it has succeeded, something else may have been captured, or named.
        "captured_amount": case((succeeded, row.captured_amount)),
        "provider": case((succeeded, row.provider)),
    }
    if len(asked) == 1:
        # As they are: by what is stored a range is found off an index.
        told |= columns(payments, *_MOMENTS & set(names))
    return rows_of(payments, told, names).where(row.book == seen.book, or_(*asked))


def _whose(seen: Seen, of: FromClause, customer_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """Nobody's until it was attached, whatever was recorded of it since."""
    attached = seen(of.c.attached_at, of.c.attached_position)
    return case(
        (and_(of.c.attached_position.is_not(None), not_(attached)), null()), else_=customer_id
    )


def _method(seen: Seen) -> ColumnElement[Any]:
    """The one before the first choice that had not been made."""
    choice = method_selections.c
    before = (
        select(choice.previous_method)
        .where(
            same(method_selections, payments, "payment_id"),
            not_(seen(choice.selected_at, choice.position)),
        )
        .order_by(choice.position)
        .limit(1)
        .correlate(payments)
        .scalar_subquery()
    )
    return func.coalesce(before, payments.c.method)


def _status(seen: Seen) -> ColumnElement[Any]:
    change = payment_status_history.c
    last = (
        select(change.to_status)
        .where(
            same(payment_status_history, payments, "payment_id"),
            seen(change.changed_at, change.position),
        )
        .order_by(change.version.desc())
        .limit(1)
    )
    return last.correlate(payments).scalar_subquery()


def failed_attempts_as_seen(seen: Seen, names: Names) -> Select[Any]:
    row = failed_attempts.c
    told = columns(failed_attempts, *row.keys())
    happened = seen(row.failed_at, row.position)
    found = rows_of(failed_attempts, told, names).where(row.book == seen.book, happened)
    if seen.customers is None:
        return found
    theirs = select(payments.c.payment_id).where(
        payments.c.book == seen.book, *_of_customers(seen, payments.c.customer_id)
    )
    return found.where(row.payment_id.in_(theirs))


def status_changes_as_seen(seen: Seen, names: Names) -> Select[Any]:
    row = payment_status_history.c
    told = columns(payment_status_history, "payment_id", "version", "to_status", "position")
    happened = seen(row.changed_at, row.position)
    return rows_of(payment_status_history, told, names).where(row.book == seen.book, happened)


def refunds_and_disputes_as_seen(seen: Seen, names: Names) -> Select[Any]:
    row, of = refunds_and_disputes.c, payments.alias("refunded")
    told = columns(refunds_and_disputes, *row.keys()) | {
        "customer_id": _whose(seen, of, row.customer_id)
    }
    found = rows_of(refunds_and_disputes, told, names)
    if "customer_id" in names:
        found = found.join(of, same(of, refunds_and_disputes, "payment_id"))
    return found.where(
        row.book == seen.book,
        seen(row.happened_at, row.position),
        *_of_customers(seen, row.customer_id),
    )


def customers_as_seen(seen: Seen, names: Names) -> Select[Any]:
    row = customers.c
    deleted = seen(row.deleted_at, row.deleted_position)
    told = {
        **columns(customers, "customer_id", "registered_at"),
        "deleted_at": case((deleted, row.deleted_at)),
    }
    registered = seen(row.registered_at, row.registered_position)
    found = rows_of(customers, told, names).where(row.book == seen.book, registered)
    return found.where(*_of_customers(seen, row.customer_id))


def _of_customers(seen: Seen, customer_id: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    return [] if seen.customers is None else [customer_id.in_(seen.customers)]


def columns(table: FromClause, *names: str) -> dict[str, ColumnElement[Any]]:
    return {name: table.c[name] for name in names}


def rows_of(table: FromClause, told: Mapping[str, ColumnElement[Any]], names: Names) -> Select[Any]:
    """Raises KeyError for a column that is not told."""
    among = {"book": table.c.book, **told}
    return select(*(among[name].label(name) for name in sorted(names))).select_from(table)
