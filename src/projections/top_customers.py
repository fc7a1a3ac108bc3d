"""Top customers: the ranking of customers in one currency, over all time or in a range.

By total_spent descending, then successful payments descending, then the earlier first payment,
then id: the order is total, so pages never overlap. By payment_count, the two swap places.
All-time rankings are read straight off an index of customer_totals; a range ranks by what
succeeded in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import (
    BigInteger,
    Connection,
    FromClause,
    Select,
    Subquery,
    cast,
    func,
    select,
)

from projections.book_totals import most_used_currency
from projections.customer_profiles import Profile, profiles
from projections.customer_totals import customer_totals
from projections.customers import customers, still_there
from projections.engine.folding.timestamps import instant
from projections.engine.querying.candidates import counted_up_to_few
from projections.engine.querying.conditions import between, same
from projections.engine.querying.pages import (
    By,
    Page,
    PagePlace,
    fetch_page,
    fetch_page_and_count,
    in_steps,
)
from projections.engine.time_travel.past_connection import is_past
from projections.payments import payments

Metric = Literal["total_spent", "payment_count"]
Period = Literal["7d", "30d", "90d", "all"]


class RankingFilter(TypedDict):
    """By what, in which currency, of payments from where, succeeded at `start` ≤ t < `end`."""

    metric: Metric
    currency: str | None
    country: str | None
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """A customer with what it is ranked by, in the currency of the ranking.

    `payment_count`: over all time the payments created, in a range those that succeeded in it.
    """

    profile: Profile
    currency: str
    total_spent: int
    payment_count: int
    successful_payments: int
    first_payment_at: datetime


@dataclass(frozen=True, slots=True)
class TopCustomers:
    """A page of a ranking, and the currency it is in: None in a book without payments."""

    currency: str | None
    page: Page[Ranked]


def top_customers(
    connection: Connection,
    book: str,
    *,
    metric: Metric = "total_spent",
    currency: str | None = None,
    country: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    counted: bool = True,
    limit: int = 10,
    **place: Unpack[PagePlace],
) -> TopCustomers:
    """The ranking over payments succeeded at `start` ≤ t < `end`, in one currency.

    Without `currency`: the book's most used. Deleted customers, and those without a successful
    payment, are left out. The total is true up to candidates.FEW; without `counted` there is none.
    Raises BadCursor.
    """
    currency = currency or most_used_currency(connection, book)
    if currency is None:
        return TopCustomers(None, Page([], 0, None))
    figures, ranking = _ranking(book, currency, country, start, end)
    order = _order(figures.c, metric)
    if counted and (figures is not customer_totals or is_past(connection)):
        # Payments were read to rank at all: who is in the ranking is counted on the way.
        found = fetch_page_and_count(connection, ranking, order, limit=limit, **place)
    else:
        found = fetch_page(connection, ranking, order, limit=limit, **place)
        if counted:
            found = counted_up_to_few(connection, ranking, found, limit=limit, **place)
    return TopCustomers(currency, found.showing(_ranked(connection, book, currency, found.rows)))


def ranking_export(
    connection: Connection, book: str, **asked: Unpack[RankingFilter]
) -> Iterator[Ranked]:
    """All of the ranking that `top_customers` has a page of; a range is read once for all of it."""
    currency = asked["currency"] or most_used_currency(connection, book)
    if currency is None:
        return
    figures, ranking = _ranking(book, currency, asked["country"], asked["start"], asked["end"])
    for some in in_steps(connection, ranking, _order(figures.c, asked["metric"])):
        yield from _ranked(connection, book, currency, some)


def ranking_entry(
    connection: Connection,
    book: str,
    customer_id: str,
    *,
    currency: str,
    country: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Ranked | None:
    """What the ranking says of one customer; None for one who is not in it."""
    figures, ranking = _ranking(book, currency, country, start, end)
    rows = connection.execute(ranking.where(figures.c.customer_id == customer_id)).all()
    return next(iter(_ranked(connection, book, currency, list(rows))), None)


def _ranking(
    book: str,
    currency: str,
    country: str | None,
    start: datetime | None,
    end: datetime | None,
) -> tuple[FromClause, Select[Any]]:
    if start is None and end is None and country is None:
        return customer_totals, _over_all_time(book, currency)
    figures = _in_a_range(book, currency, country, start, end)
    return figures, _of_customers(select(figures), figures)


def _over_all_time(book: str, currency: str) -> Select[Any]:
    column = customer_totals.c
    ranking = select(
        column.customer_id,
        column.total_spent,
        column.payment_count,
        column.successful_payments,
        column.first_payment_at,
    ).where(column.book == book, column.currency == currency, column.total_spent > 0)
    return _of_customers(ranking, customer_totals)


def _in_a_range(
    book: str,
    currency: str,
    country: str | None,
    start: datetime | None,
    end: datetime | None,
) -> Subquery:
    column = payments.c
    asked = [
        column.book == book,
        column.currency == currency,
        *between(column.succeeded_at, start, end),
    ]
    if country is not None:
        asked.append(column.country == country)
    count = func.count()
    # As an expression, or SQLite walks all payments customer by customer to group them.
    customer_id = func.coalesce(column.customer_id, "")
    return (
        select(
            column.book,
            customer_id.label("customer_id"),
            cast(func.sum(column.captured_amount), BigInteger).label("total_spent"),
            count.label("payment_count"),
            count.label("successful_payments"),
            func.min(column.succeeded_at).label("first_payment_at"),
        )
        .where(*asked)
        .group_by(column.book, customer_id)
        .subquery()
    )


def _of_customers(ranking: Select[Any], figures: Any) -> Select[Any]:
    return ranking.join(customers, same(customers, figures, "customer_id")).where(*still_there())


def _order(column: Any, metric: Metric) -> tuple[By, ...]:
    spent = By(column.total_spent, descending=True, stated=True)
    count = column.successful_payments
    if metric == "payment_count":
        count = column.payment_count
    counted = By(count, descending=True, stated=True)
    first_two = (spent, counted) if metric == "total_spent" else (counted, spent)
    return (*first_two, By(column.first_payment_at, stated=True), By(column.customer_id))


def _ranked(connection: Connection, book: str, currency: str, rows: Sequence[Any]) -> list[Ranked]:
    found = {
        profile.customer_id: profile
        for profile in profiles(connection, book, [row.customer_id for row in rows])
    }
    return [
        Ranked(
            profile=found[row.customer_id],
            currency=currency,
            total_spent=row.total_spent,
            payment_count=row.payment_count,
            successful_payments=row.successful_payments,
            first_payment_at=instant(row.first_payment_at),
        )
        for row in rows
    ]
