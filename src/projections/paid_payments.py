"""Paid payments of a customer: the ids of all that brought money, however much of it went back."""

from sqlalchemy import Connection, select

from projections.payments import payments


def paid_payments(connection: Connection, book: str, customer_id: str) -> list[str]:
    column = payments.c
    query = select(column.payment_id).where(
        column.book == book,
        column.customer_id == customer_id,
        column.succeeded_at.is_not(None),
    )
    return list(connection.execute(query).scalars())
