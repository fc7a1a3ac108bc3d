"""Paid payments of customers: the ids of all that brought money, however much of it went back."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from projections.payments import payments


def paid_payments(
    connection: Connection, book: str, customers: Collection[str]
) -> list[tuple[str, str]]:
    """Each with whose it is."""
    column = payments.c
    query = select(column.payment_id, column.customer_id).where(
        column.book == book,
        column.customer_id.in_(customers),
        column.succeeded_at.is_not(None),
    )
    return [(row.payment_id, row.customer_id) for row in connection.execute(query)]
