"""Customer list: the customers that fit a filter, in the order asked for.

Where few fit they are found through the index of what was asked for, whatever the order; else the
list is walked in its order, which is quick because many fit (see candidates.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Unpack

from sqlalchemy import ColumnElement, Connection, Select, literal, select

from projections.book_totals import most_used_currency
from projections.customer_filters import SPENT, CustomerFilter, conditions
from projections.customer_profiles import Profile, profiles
from projections.customer_summary import customer_summary
from projections.customer_totals import customer_totals
from projections.customers import customer_count
from projections.engine.querying.candidates import among, candidates, counted_up_to_few
from projections.engine.querying.chained_pages import Part, fetch_chained_page
from projections.engine.querying.conditions import same
from projections.engine.querying.pages import By, Page, PageArguments, every_page

SortBy = Literal["total_payments", "total_amount", "last_payment_at", "created_at", "risk_score"]


@dataclass(frozen=True, slots=True)
class ListedCustomers:
    """A page, and the currency in which spend was filtered and sorted; None before any payment."""

    currency: str | None
    page: Page[Profile]


def customer_list(
    connection: Connection,
    book: str,
    filters: CustomerFilter,
    *,
    now: datetime,
    sort_by: SortBy = "created_at",
    descending: bool = True,
    **page: Unpack[PageArguments],
) -> ListedCustomers:
    """The customers that fit, without those deleted. Raises BadCursor.

    The total is true up to candidates.FEW, and of the whole list; else it says "at least so many".
    Amounts of different currencies are never compared: `total_amount` sorts by what was spent in
    `filters.currency`, else in the book's most used one, where others have spent nothing.
    `total_payments` counts in `filters.currency`, else in all of them. Ties go by id.
    """
    currency = filters.currency or most_used_currency(connection, book)
    in_one = filters.currency is not None
    asked = conditions(connection, book, filters, currency, now)
    found = candidates(
        connection, [each.index_path for each in asked if each.index_path is not None]
    )
    listed = _listed(book, currency, in_one=in_one and sort_by in _IN_ONE_CURRENCY)
    if found is None:
        some = listed = listed.where(*(each.condition for each in asked))
    else:
        others = (each.condition for each in asked if each.index_path is not found.index_path)
        some = listed.where(*others, among(connection, customer_summary.c.customer_id, found.ids))
        every = (each.condition for each in asked)
        listed = some if found.complete else listed.where(*every)
    order = _order(sort_by, descending=descending, in_one=in_one)
    parts = [Part(listed, order)]
    if sort_by == "total_amount" and not in_one:
        parts = _payers_and_the_rest(listed, order, currency, descending=descending)
    ids = fetch_chained_page(connection, parts, **page)
    if not asked:
        ids = replace(ids, total=customer_count(connection, book))
    else:
        complete = found is None or found.complete
        ids = counted_up_to_few(connection, some, ids, complete=complete, **page)
    rows = profiles(connection, book, [row.customer_id for row in ids.rows])
    return ListedCustomers(currency, ids.showing(rows))


def customer_export(
    connection: Connection,
    book: str,
    filters: CustomerFilter,
    *,
    now: datetime,
    sort_by: SortBy,
    descending: bool,
) -> Iterator[Profile]:
    """All customers that fit, in the order of the list, read some hundreds at a time."""

    def step(**page: Unpack[PageArguments]) -> Page[Profile]:
        return customer_list(
            connection, book, filters, now=now, sort_by=sort_by, descending=descending, **page
        ).page

    return every_page(step)


# What is told in the asked currency when there is one, off the index of its totals.
_IN_ONE_CURRENCY = ("total_amount", "total_payments")


def _listed(book: str, currency: str | None, *, in_one: bool) -> Select[Any]:
    summary = customer_summary.c
    in_currency = same(customer_summary, customer_totals, "customer_id") & (
        customer_totals.c.currency == (currency or "")
    )
    joined = customer_summary.join(customer_totals, in_currency, isouter=not in_one)
    # Said of the list's own rows: an index of another table would lead to all of them, unsorted.
    there = (summary.registered_at.is_not(None), summary.deleted_at.is_(None))
    return select(summary.customer_id).select_from(joined).where(summary.book == book, *there)


def _order(sort_by: SortBy, *, descending: bool, in_one: bool) -> tuple[By, ...]:
    summary, totals = customer_summary.c, customer_totals.c
    spent: ColumnElement[int] = totals.total_spent if in_one else SPENT
    count = totals.payment_count if in_one else summary.payment_count
    chosen: dict[SortBy, By] = {
        "total_amount": By(spent, descending, stated=True),
        "total_payments": By(count, descending, stated=True),
        "last_payment_at": By(summary.last_payment_at, descending),
        "created_at": By(summary.registered_at, descending, stated=True),
        "risk_score": By(summary.risk_permille, descending, stated=True),
    }
    return (chosen[sort_by], By(summary.customer_id, descending))


def _payers_and_the_rest(
    listed: Select[Any], order: tuple[By, ...], currency: str | None, *, descending: bool
) -> list[Part]:
    """The same list as two: those who spent something come off the index of what was spent."""
    spent, customer_id = customer_totals.c.total_spent, customer_totals.c.customer_id
    payers = Part(listed.where(spent > 0), (By(spent, descending), By(customer_id, descending)))
    rest = Part(listed.where(~_spent_something(currency)), order[-1:])
    return [payers, rest] if descending else [rest, payers]


def _spent_something(currency: str | None) -> ColumnElement[bool]:
    """As a question of its own, which the database answers row by row, as the page needs them."""
    spent = customer_totals.alias("spent")
    return (
        select(literal(1))
        .where(
            same(spent, customer_summary, "customer_id"),
            spent.c.currency == (currency or ""),
            spent.c.total_spent > 0,
        )
        .exists()
    )
