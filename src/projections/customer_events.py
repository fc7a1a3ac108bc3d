"""Customer events: which facts are about a customer, in their order.

A payment link is about whom it was made for, as long as its terms name them.
"""

from collections.abc import Collection, Mapping
from typing import Final, Unpack

from sqlalchemy import BigInteger, Connection, select

from domain.customer import Customer
from domain.event_types import customer_of
from domain.invoice import Invoice
from domain.payment import Payment
from domain.payment_link import PaymentLink
from domain.subscription import Subscription
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.tables import first, key, view
from projections.engine.querying.candidates import counted_up_to_few, listed
from projections.engine.querying.pages import By, Page, PageArguments, fetch_page

customer_events = view(
    "customer_events", key("customer_id"), key("position", BigInteger), first("topic")
)

LinkTerms = PaymentLink.Created | PaymentLink.Updated
LINK_TOPICS: Final = (PaymentLink.Created.TOPIC, PaymentLink.Updated.TOPIC)
About = Customer.Event | Payment.Event | Subscription.Event | Invoice.Event | LinkTerms


@ignoring(PaymentLink.Used, PaymentLink.Viewed, PaymentLink.Deleted)
def fold(recorded: Recorded[About], changes: Changes) -> None:
    customer_id = _whom(recorded.fact)
    if customer_id is not None:
        changes.of(customer_events).merge(
            (customer_id, recorded.position), topic=recorded.fact.TOPIC
        )


def _whom(fact: About) -> str | None:
    return fact.terms["customer_id"] if isinstance(fact, LinkTerms) else customer_of(fact)


def positions_of_customer(
    connection: Connection,
    book: str,
    customer_id: str,
    *,
    topics: Collection[str] | None,
    after: int = 0,
    limit: int,
) -> list[int]:
    """Where facts of these topics, None: of all, are about a customer; in order, after one."""
    column = customer_events.c
    query = (
        select(column.position)
        .where(
            column.book == book,
            column.customer_id == customer_id,
            column.position > after,
            *(() if topics is None else (column.topic.in_(topics),)),
        )
        .order_by(column.position)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def last_positions_of_customer(
    connection: Connection, book: str, customer_id: str, **page: Unpack[PageArguments]
) -> Page[int]:
    """Where facts are about a customer, the last first; the total is true up to candidates.FEW.

    Without those of links: their addresses are told to whoever may read links.
    """
    column = customer_events.c
    mine = select(column.position).where(
        column.book == book, column.customer_id == customer_id, column.topic.not_in(LINK_TOPICS)
    )
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
