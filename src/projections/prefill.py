"""Prefill: what a returning customer need not type again, and how they paid last."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from domain.places import is_guessed
from projections.customers import customer_record
from projections.payments import payments


@dataclass(frozen=True, slots=True)
class Prefill:
    """`method` and `country` are those of the last payment that succeeded; None before any.

    Nor is a country filled in that may have been guessed from the currency: sent again, it would
    count as stated, and phone numbers would be read by it.
    """

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
        select(column.method, column.country, column.currency)
        .where(
            column.book == book,
            column.customer_id == customer_id,
            column.succeeded_at.is_not(None),
        )
        .order_by(column.succeeded_at.desc())
        .limit(1)
    ).first()
    method, country = None, None
    if last is not None:
        method = last.method
        country = None if is_guessed(last.country, last.currency) else last.country
    return Prefill(customer_id, customer.name, customer.email, customer.phone, method, country)
