"""Prefill: what a returning customer need not type again, and how they paid last."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from projections.customers import customer_record
from projections.payments import payments


@dataclass(frozen=True, slots=True)
class Prefill:
    """`method` and `country` are those of the last payment that succeeded; None before any."""

    customer_id: str
    name: str | None
    email: str | None
    phone: str | None
    method: str | None
    country: str | None


def prefill(connection: Connection, book: str, customer_id: str) -> Prefill | None:
    """None when there is no such customer, or it was deleted."""
    customer = customer_record(connection, book, customer_id)
    if customer is None:
        return None
    column = payments.c
    last = connection.execute(
        select(column.method, column.country)
        .where(
            column.book == book,
            column.customer_id == customer_id,
            column.succeeded_at.is_not(None),
        )
        .order_by(column.succeeded_at.desc())
        .limit(1)
    ).first()
    method, country = (None, None) if last is None else last
    return Prefill(customer_id, customer.name, customer.email, customer.phone, method, country)
