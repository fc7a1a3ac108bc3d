"""The ranking of customers, as a page of a list and as lines of a file."""

from typing import Any

from pydantic import Field

from api.resources.customers import Customer, profile_of
from api.resources.shapes import Amount, Count, Currency, Moment, Pagination, Shape
from domain.book import Book
from projections.top_customers import Ranked


class Ranking(Shape):
    """The figures of the asked currency and range, by which a customer has its place."""

    currency: Currency
    total_spent: Amount
    payment_count: Count
    successful_payments: Count
    first_payment_at: Moment


class TopCustomer(Customer):
    """A customer, and why it is where it is."""

    ranked_by: Ranking


class TopCustomers(Shape):
    """The best customers, ranked inside one currency."""

    currency: Currency | None
    customers: list[TopCustomer]
    pagination: Pagination


class RankedCustomer(Shape):
    """One line of a ranking: the place, who has it, and by what."""

    rank: Count = Field(examples=[1])
    id: str
    external_id: str | None
    name: str | None
    email: str | None
    phone: str | None
    currency: Currency
    total_spent: Amount
    payment_count: Count
    successful_payments: Count
    first_payment_at: Moment


class TopCustomersExport(Shape):
    """Everybody in the ranking that was asked for, the best first."""

    top_customers: list[RankedCustomer]
    total: Count


def ranked_of(ranked: Ranked, book: Book) -> dict[str, Any]:
    """A customer in a ranking, with the figures it is ranked by."""
    return profile_of(ranked.profile, book) | {"ranked_by": Ranking.of(ranked)}


def ranking_line_of(rank: int, ranked: Ranked) -> dict[str, Any]:
    """A line of the file: the figures are those of the ranking, not of the whole profile."""
    who = ranked.profile.record
    return RankedCustomer.of(
        ranked,
        rank=rank,
        id=who.customer_id,
        external_id=who.external_id,
        name=who.name,
        email=who.email,
        phone=who.phone,
    )
