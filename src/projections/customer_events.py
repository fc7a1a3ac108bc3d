"""Customer events: which facts are about a customer, in their order."""

from collections.abc import Collection, Mapping
from typing import Unpack

from sqlalchemy import BigInteger, Connection, select

from domain.customer import Customer
from domain.event_types import customer_of
from domain.invoice import Invoice
from domain.payment import Payment
from domain.subscription import Subscription
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.tables import first, key, view
from projections.engine.querying.candidates import counted_up_to_few, listed
from projections.engine.querying.pages import By, Page, PageArguments, fetch_page

customer_events = view(
    "customer_events", key("customer_id"), key("position", BigInteger), first("topic")
)

About = Customer.Event | Payment.Event | Subscription.Event | Invoice.Event


def fold(recorded: Recorded[About], changes: Changes) -> None:
    customer_id = customer_of(recorded.fact)
    if customer_id is not None:
        changes.of(customer_events).merge(
            (customer_id, recorded.position), topic=recorded.fact.TOPIC
        )


def positions_of_customer(
    connection: Connection,
    book: str,
    customer_id: str,
    *,
    topics: Collection[str],
    after: int = 0,
    limit: int,
) -> list[int]:
    """Where facts of these topics are about a customer, those after a position, in order."""
    column = customer_events.c
    query = (
        select(column.position)
        .where(
            column.book == book,
            column.customer_id == customer_id,
            column.position > after,
            column.topic.in_(topics),
        )
        .order_by(column.position)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def last_positions_of_customer(
    connection: Connection, book: str, customer_id: str, **page: Unpack[PageArguments]
) -> Page[int]:
    """Where facts are about a customer, the last first; the total is true up to candidates.FEW."""
    column = customer_events.c
    mine = select(column.position).where(column.book == book, column.customer_id == customer_id)
    found = fetch_page(connection, mine, [By(column.position, descending=True)], **page)
    return counted_up_to_few(connection, mine, found, **page).of(lambda row: int(row.position))


def previous_positions(
    connection: Connection,
    book: str,
    customer_ids: Collection[str],
    *,
    topics: Collection[str],
    before: int,
) -> Mapping[str, int]:
    """Of each of the customers, where the last fact of these topics before a position is.

    Whoever there is nothing of is left out.
    """
    if not customer_ids:
        return {}
    asked, column = listed(connection, list(customer_ids)), customer_events.c
    last = (
        select(column.position)
        .where(
            column.book == book,
            column.customer_id == asked.c.value,
            column.position < before,
            column.topic.in_(topics),
        )
        .order_by(column.position.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = connection.execute(select(asked.c.value, last)).all()
    return {customer_id: position for customer_id, position in found if position is not None}
