"""The customers that fit a description, in the order asked for."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select

from projections.book_totals import most_used_currency
from projections.chained_pages import Part, fetch_chained_page
from projections.customer_profiles import Profile, profiles
from projections.customer_standing import customer_standing
from projections.customer_totals import customer_methods, customer_totals
from projections.customers import customer_count, customer_tags, customers, still_there
from projections.instants import micros
from projections.paging import By, Page

SortBy = Literal["total_payments", "total_amount", "last_payment_at", "created_at", "risk_score"]
ActivityStatus = Literal["active", "inactive", "new"]

RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """What the customers asked for have in common; None and () do not ask.

    `search` is a part of the name, email, phone, external id or id, whatever the case; `email` is
    whole, whatever the case. `currency`, `provider` and `payment_method` ask for any payment of
    that kind, whatever became of it. Spend is inclusive, in minor units of `currency`, else of the
    book's most used one. `acquired_via` is the source_id of the first payment that succeeded.

    new: created in the last 30 days, and no successful payment before those; active: a successful
    payment in the last 30 days; inactive: neither.
    """

    search: str | None = None
    external_id: str | None = None
    email: str | None = None
    currency: str | None = None
    provider: str | None = None
    payment_method: str | None = None
    activity_status: ActivityStatus | None = None
    min_spend: int | None = None
    max_spend: int | None = None
    tags_any: Sequence[str] = ()
    tags_all: Sequence[str] = ()
    acquired_via: str | None = None


@dataclass(frozen=True, slots=True)
class ListedCustomers:
    """A page, and the currency in which spend was filtered and sorted; None before any payment."""

    currency: str | None
    page: Page[Profile]


def customer_list(
    connection: Connection,
    book: str,
    wanted: CustomerFilter,
    *,
    now: datetime,
    sort_by: SortBy = "created_at",
    descending: bool = True,
    limit: int,
    offset: int = 0,
    cursor: str | None = None,
) -> ListedCustomers:
    """The customers that fit, without those deleted, with the true total. Raises BadCursor.

    Amounts of different currencies are never compared: `total_amount` sorts by what was spent in
    `wanted.currency`, else in the book's most used one, where others have spent nothing.
    `total_payments` counts in `wanted.currency`, else in each customer's own. Ties go by id.
    """
    currency = wanted.currency or most_used_currency(connection, book)
    listed = _listed(book, currency, in_one=wanted.currency is not None).where(
        *_conditions(wanted, now)
    )
    order = _order(sort_by, descending=descending, in_one=wanted.currency is not None)
    parts = [Part(listed, order)]
    if sort_by == "total_amount" and wanted.currency is None:
        parts = _payers_and_the_rest(listed, order, currency, descending=descending)
    page = fetch_chained_page(
        connection,
        parts,
        limit=limit,
        offset=offset,
        cursor=cursor,
        total=_total(connection, book, wanted, listed),
    )
    found = profiles(connection, book, [row.customer_id for row in page.rows])
    return ListedCustomers(currency, Page(found, page.total, page.next_cursor))


_UNASKED = CustomerFilter()


def _listed(book: str, currency: str | None, *, in_one: bool) -> Select[Any]:
    standing = customer_standing.c
    in_currency = and_(
        customer_totals.c.book == standing.book,
        customer_totals.c.customer_id == standing.customer_id,
        customer_totals.c.currency == (currency or ""),
    )
    joined = customer_standing.join(
        customers,
        and_(customers.c.book == standing.book, customers.c.customer_id == standing.customer_id),
    ).join(customer_totals, in_currency, isouter=not in_one)
    return select(standing.customer_id).select_from(joined).where(standing.book == book)


_SPENT = func.coalesce(customer_totals.c.total_spent, 0)


def _conditions(wanted: CustomerFilter, now: datetime) -> list[ColumnElement[bool]]:
    standing, known, methods = customer_standing.c, customers.c, customer_methods.c
    asked: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
        (
            wanted.search or None,
            lambda part: known.search.contains(part.casefold(), autoescape=True),
        ),
        (wanted.external_id, lambda external_id: known.external_id == external_id),
        (wanted.email, lambda email: known.email_folded == email.casefold()),
        (wanted.min_spend, lambda least: operator.ge(_SPENT, least)),
        (wanted.max_spend, lambda most: operator.le(_SPENT, most)),
        (wanted.acquired_via, lambda source_id: standing.first_source_id == source_id),
        (wanted.provider, lambda provider: _paid_by(methods.provider == provider)),
        (wanted.payment_method, lambda method: _paid_by(methods.method == method)),
        (wanted.activity_status, lambda status: activity(status, now)),
        (wanted.tags_any or None, lambda tags: or_(*map(_tagged, tags))),
        (wanted.tags_all or None, lambda tags: and_(*map(_tagged, tags))),
    ]
    return [*still_there(), *(asks(value) for value, asks in asked if value is not None)]


def _tagged(tag: str) -> ColumnElement[bool]:
    tags = customer_tags.alias()
    return (
        select(literal(1))
        .where(
            tags.c.book == customers.c.book,
            tags.c.customer_id == customers.c.customer_id,
            tags.c.tag == tag,
            tags.c.profile_position == customers.c.profile_position,
        )
        .exists()
    )


def activity(status: ActivityStatus, now: datetime) -> ColumnElement[bool]:
    """The condition that a row of customer_standing is active, inactive or new at `now`."""
    standing = customer_standing.c
    since = micros(now - RECENT)
    active = func.coalesce(standing.last_payment_at, since - 1) >= since
    new = and_(
        standing.registered_at >= since,
        func.coalesce(standing.first_payment_at, since) >= since,
    )
    match status:
        case "active":
            return active
        case "new":
            return new
        case _:
            return and_(~active, ~new)


def _paid_by(how: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(literal(1))
        .select_from(customer_methods)
        .where(
            customer_methods.c.book == customer_standing.c.book,
            customer_methods.c.customer_id == customer_standing.c.customer_id,
            how,
        )
        .exists()
    )


def _order(sort_by: SortBy, *, descending: bool, in_one: bool) -> tuple[By, ...]:
    standing, totals = customer_standing.c, customer_totals.c
    spent: ColumnElement[int] = totals.total_spent if in_one else _SPENT
    count = totals.payment_count if in_one else standing.payment_count
    chosen: dict[SortBy, By] = {
        "total_amount": By(spent, descending, stated=True),
        "total_payments": By(count, descending, stated=True),
        "last_payment_at": By(standing.last_payment_at, descending),
        "created_at": By(standing.registered_at, descending, stated=True),
        "risk_score": By(standing.risk_permille, descending, stated=True),
    }
    return (chosen[sort_by], By(standing.customer_id, descending))


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
    spent = customer_totals.alias("spent").c
    return (
        select(literal(1))
        .where(
            spent.book == customer_standing.c.book,
            spent.customer_id == customer_standing.c.customer_id,
            spent.currency == (currency or ""),
            spent.total_spent > 0,
        )
        .exists()
    )


def _total(connection: Connection, book: str, wanted: CustomerFilter, listed: Select[Any]) -> int:
    if wanted == _UNASKED:
        return customer_count(connection, book)
    return int(connection.execute(select(func.count()).select_from(listed.subquery())).scalar_one())
