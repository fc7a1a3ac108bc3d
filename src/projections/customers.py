"""Customers of a book: how they are called, reached and labelled."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TypeVar

import orjson
from sqlalchemy import BigInteger, ColumnElement, Connection, Row, select

from domain.contact import mailbox, part_of_a_phone, searched_phone
from domain.customer import Customer
from domain.text import seen, tidied
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.searchable_text import searchable
from projections.engine.folding.tables import at_latest, first, key, latest, total, view
from projections.engine.folding.text_index import SearchIndex
from projections.engine.folding.timestamps import instant
from projections.engine.querying.pages import EXPORT_STEP
from projections.engine.querying.records import record_from


class OfCustomer(Protocol):
    """A row that is about a customer, if about any."""

    @property
    def customer_id(self) -> str | None: ...


Named = TypeVar("Named", bound=OfCustomer)

customers = view(
    "customers",
    key("customer_id"),
    first("registered_at", BigInteger),
    first("registered_position", BigInteger),
    latest("updated_at"),
    latest("deleted_at"),
    latest("deleted_position"),
    # Each fact carries the whole profile, so the one with the highest position is the profile.
    latest("profile_position"),
    at_latest("external_id", of="profile_position"),
    at_latest("email", of="profile_position"),
    at_latest("phone", of="profile_position"),
    at_latest("name", of="profile_position"),
    at_latest("tags", of="profile_position"),
    at_latest("metadata", of="profile_position"),
    at_latest("external_id_seen", of="profile_position"),
    at_latest("mailbox", of="profile_position"),
    at_latest("search", of="profile_position"),
    indexes=[("external_id_seen", "customer_id"), ("mailbox", "customer_id")],
)

search_index = SearchIndex(customers, "search", position="profile_position")

# A customer has a tag while the position here is that of the profile: nothing has to be deleted.
customer_tags = view(
    "customer_tags",
    key("customer_id"),
    key("tag"),
    latest("profile_position"),
    indexes=[("tag", "customer_id")],
)

# Whoever was ever called so by the business, to ask of a moment when they were.
external_ids = view("external_ids", key("external_id_seen"), key("customer_id"))

customer_counts = view("customer_counts", total("registered"), total("deleted"))


@ignoring(
    *(Customer.ConsentGiven, Customer.ConsentWithdrawn),
    *(Customer.Revealed, Customer.DataTaken),
)
def fold(
    recorded: Recorded[Customer.Registered | Customer.Updated | Customer.Deleted], changes: Changes
) -> None:
    fact, at = recorded.fact, recorded.at
    match fact:
        case Customer.Registered():
            changes.of(customers).merge(
                (fact.originator_id,), registered_at=at, registered_position=recorded.position
            )
            changes.of(customer_counts).merge((), registered=1)
            _describe(changes, recorded.position, fact, at)
        case Customer.Updated():
            _describe(changes, recorded.position, fact, at)
        case Customer.Deleted():
            changes.of(customers).merge(
                (fact.originator_id,),
                deleted_at=at,
                deleted_position=recorded.position,
                updated_at=at,
            )
            changes.of(customer_counts).merge((), deleted=1)


def _describe(
    changes: Changes, position: int, fact: Customer.Registered | Customer.Updated, at: int
) -> None:
    customer_id = fact.originator_id
    personal = fact.personal
    email, phone, name = personal["email"], personal["phone"], personal["name"]
    words = (customer_id, fact.external_id, email, searched_phone(phone), name)
    called = seen(fact.external_id or "") or None
    if called is not None:
        changes.of(external_ids).merge((called, customer_id))
    changes.of(customers).merge(
        (customer_id,),
        updated_at=at,
        profile_position=position,
        external_id=fact.external_id,
        email=email,
        phone=phone,
        name=name,
        tags=orjson.dumps(fact.tags).decode(),
        metadata=orjson.dumps(fact.metadata).decode(),
        external_id_seen=called,
        mailbox=mailbox(email) if email else None,
        search=searchable("\n".join(word for word in words if word)),
    )
    # As lists are asked for it: release 0.1.0 kept tags as they were typed.
    for tag in map(tidied, fact.tags):
        changes.of(customer_tags).merge((customer_id, tag), profile_position=position)


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A customer without any figure."""

    customer_id: str
    external_id: str | None
    email: str | None
    phone: str | None
    name: str | None
    tags: list[str]
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def customer_record(connection: Connection, book: str, customer_id: str) -> CustomerRecord | None:
    """A customer by id; None when there is none, or it was deleted."""
    row = connection.execute(
        select(customers).where(
            customers.c.book == book, customers.c.customer_id == customer_id, *still_there()
        )
    ).first()
    return None if row is None else record_of(row)


def was_registered(connection: Connection, book: str, customer_id: str) -> bool:
    """Whether there is, or ever was, such a customer."""
    column = customers.c
    row = select(column.registered_at).where(
        column.book == book, column.customer_id == customer_id, column.registered_at.is_not(None)
    )
    return connection.execute(row).first() is not None


def customer_id_of(connection: Connection, book: str, external_id: str) -> str | None:
    """The id of the customer the business calls `external_id`, None when there is none.

    Of those whose external ids release 0.1.0 told apart, the one who was registered first.
    """
    return _first_registered(connection, book, customers.c.external_id_seen == seen(external_id))


def customer_id_by_email(connection: Connection, book: str, email: str) -> str | None:
    """The id of the first customer with that mailbox, None when there is none."""
    return _first_registered(connection, book, customers.c.mailbox == mailbox(email))


def _first_registered(connection: Connection, book: str, found: ColumnElement[bool]) -> str | None:
    return connection.execute(
        select(customers.c.customer_id)
        .where(customers.c.book == book, found, *still_there())
        .order_by(customers.c.customer_id)
        .limit(1)
    ).scalar()


def searched_parts(search: str) -> list[str]:
    """What `search_index` is asked for: the text, and the number in it, if it is part of one."""
    number = part_of_a_phone(search)
    return list(dict.fromkeys(filter(None, (search, number))))


def with_customer_names(
    connection: Connection, book: str, rows: Iterable[Named]
) -> Iterator[tuple[Named, str | None]]:
    """Each with what its customer is called, asked some hundreds at a time.

    None of whoever has no name, or was deleted.
    """
    rows, column = iter(rows), customers.c
    while step := list(islice(rows, EXPORT_STEP)):
        ids = {row.customer_id for row in step if row.customer_id}
        asked = select(column.customer_id, column.name).where(
            column.book == book, column.customer_id.in_(sorted(ids)), column.deleted_at.is_(None)
        )
        names = {row.customer_id: row.name for row in connection.execute(asked)}
        yield from ((row, names.get(row.customer_id)) for row in step)


def customer_id_meant(connection: Connection, book: str, named: str) -> str:
    """Whom a `customer_id` means, as where a payment is created.

    Our id, else an external id, else an e-mail address. What means nobody stays as it is, and
    finds nothing.
    """
    ours = select(customers.c.customer_id).where(
        customers.c.book == book, customers.c.customer_id == named
    )
    # Of somebody deleted the payments are still theirs.
    return (
        connection.execute(ours).scalar()
        or customer_id_of(connection, book, named)
        or ("@" in named and customer_id_by_email(connection, book, named))
        or named
    )


def customer_count(connection: Connection, book: str) -> int:
    """How many customers there are, without those deleted."""
    counted = select(customer_counts.c.registered - customer_counts.c.deleted).where(
        customer_counts.c.book == book
    )
    return int(connection.execute(counted).scalar() or 0)


def still_there() -> tuple[Any, ...]:
    """The conditions under which a row of `customers` is a customer."""
    return (customers.c.registered_at.is_not(None), customers.c.deleted_at.is_(None))


def record_of(row: Row[Any]) -> CustomerRecord:
    return record_from(
        row,
        CustomerRecord,
        tags=orjson.loads(row.tags),
        metadata=orjson.loads(row.metadata),
        created_at=instant(row.registered_at),
        updated_at=instant(row.updated_at),
    )
