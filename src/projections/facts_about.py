"""Facts about: which facts tell all there is to say of a customer, a payment, or an invoice.

Those of a customer are their own, and those of what they paid, subscribed to and were billed. So
what somebody was at a moment of the past is folded from these alone, whatever the size of the book.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, select, union_all

from domain.invoice import Invoice
from domain.payer_details import PayerDetails
from domain.text import seen
from projections.customer_events import customer_events
from projections.customers import external_ids
from projections.engine.time_travel.stream_views import FactsAbout
from projections.invoices import invoices
from projections.payments import payments
from projections.refunds_and_disputes import refunds_and_disputes
from projections.subscriptions import subscriptions

# Asked of the views of now: they know whose a payment has become, whoever had it at a moment.
About = Callable[[Connection, str], FactsAbout]


def of_itself(stream: str) -> About:
    """Of what is told by its own facts alone."""
    return lambda _connection, _book: FactsAbout([stream])


def of_customer(customer_id: str) -> About:
    return lambda connection, book: _of_customers(connection, book, [customer_id])


def of_external_id(external_id: str) -> About:
    """Of all who were ever called so: which of them it was, their facts say."""

    def about(connection: Connection, book: str) -> FactsAbout:
        column = external_ids.c
        called_so = select(column.customer_id).where(
            column.book == book, column.external_id_seen == seen(external_id)
        )
        return _of_customers(connection, book, connection.execute(called_so).scalars().all())

    return about


def of_names(connection: Connection, book: str, customer_ids: Sequence[str]) -> FactsAbout:
    """How customers are called, and what they subscribed to, without what they paid."""
    column = subscriptions.c
    theirs = select(column.subscription_id).where(
        column.book == book, column.customer_id.in_(customer_ids)
    )
    return FactsAbout([*customer_ids, *connection.execute(theirs).scalars()])


def of_payment(payment_id: str) -> About:
    """With what its payer said, and whose it is: they have a name."""

    def about(connection: Connection, book: str) -> FactsAbout:
        column = payments.c
        payer = select(column.customer_id).where(
            column.book == book, column.payment_id == payment_id, column.customer_id.is_not(None)
        )
        said = PayerDetails.id_for(payment_id)
        return FactsAbout([payment_id, said, *connection.execute(payer).scalars()])

    return about


def of_refund(refund_id: str) -> About:
    def about(connection: Connection, book: str) -> FactsAbout:
        column = refunds_and_disputes.c
        refunded = select(column.payment_id).where(column.book == book, column.id == refund_id)
        payment_id = connection.execute(refunded).scalar()
        return FactsAbout([]) if payment_id is None else of_payment(payment_id)(connection, book)

    return about


def _of_customers(connection: Connection, book: str, customer_ids: Sequence[str]) -> FactsAbout:
    streams = (
        (payments, payments.c.payment_id),
        (subscriptions, subscriptions.c.subscription_id),
        (invoices, invoices.c.invoice_id),
    )
    theirs = union_all(
        *(
            select(stream).where(table.c.book == book, table.c.customer_id.in_(customer_ids))
            for table, stream in streams
        )
    )
    # Invoices are numbered in one stream for all.
    event = customer_events.c
    numbered = select(event.position).where(
        event.book == book,
        event.customer_id.in_(customer_ids),
        event.topic == Invoice.Numbered.TOPIC,
    )
    return FactsAbout(
        [*customer_ids, *connection.execute(theirs).scalars()],
        connection.execute(numbered).scalars().all(),
    )
