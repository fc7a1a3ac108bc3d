"""Whom does a path name? By our id, or by what the business itself calls its customer."""

from collections.abc import Callable

from sqlalchemy import Connection

from commands.customers import NothingKnownBy
from domain.customer import CustomerNotFound
from projections.customers import customer_id_of, customer_record

# The id of the customer in a book; raises the refusal that fits when there is none.
Named = Callable[[Connection, str], str]


def by_id(customer_id: str) -> Named:
    def find(db: Connection, book: str) -> str:
        if customer_record(db, book, customer_id) is None:
            raise CustomerNotFound(customer_id)
        return customer_id

    return find


def by_external_id(external_id: str) -> Named:
    def find(db: Connection, book: str) -> str:
        customer_id = customer_id_of(db, book, external_id)
        if customer_id is None:
            raise NothingKnownBy(external_id)
        return customer_id

    return find
