"""Customer filters: what may be asked of the customers of a list, and the index path to each."""

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select

from domain.contact import mailbox
from domain.payment_types import SOURCES, Source
from domain.text import seen
from projections.book_totals import totals_by_currency
from projections.customer_summary import customer_summary
from projections.customer_totals import customer_activity, customer_methods, customer_totals
from projections.customers import customer_tags, customers, search_index, searched_parts
from projections.engine.folding.timestamps import micros
from projections.engine.querying.conditions import between
from projections.subscriptions import (
    STANDINGS,
    SubscriptionStanding,
    customer_subscriptions,
)

ActivityStatus = Literal["active", "inactive", "new"]

RECENT = timedelta(days=30)

SPENT = func.coalesce(customer_totals.c.total_spent, 0)


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """What the customers asked for have in common; None and () do not ask.

    `search` is a part of the name, email, phone, external id or id, whatever the case and the
    accents; of a number as people write it. `email` is whole, in any way to write that mailbox.
    `currency`, `provider` and `payment_method` ask for any payment of that kind, whatever became of
    it. Spend is inclusive, in minor units of `currency`, else of the book's most used one.
    `source` and `acquired_via` are the source and the source_id of the first payment that
    succeeded. `subscription_status` is the best of a customer's subscriptions, `none` without any.
    `first_paid_from` ≤ that payment's success < `first_paid_to`, and it was in
    `first_paid_currency`: these are the new customers of new_and_returning.

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
    source: Source | None = None
    acquired_via: str | None = None
    subscription_status: SubscriptionStanding | None = None
    first_paid_from: datetime | None = None
    first_paid_to: datetime | None = None
    first_paid_currency: str | None = None

    @property
    def first_paid(self) -> tuple[datetime | None, datetime | None, str | None] | None:
        asked = (self.first_paid_from, self.first_paid_to, self.first_paid_currency)
        return None if asked == (None, None, None) else asked


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing asked for: the condition on a row of customer_summary, and the index path to it.

    The path selects the ids of exactly those who fit, through an index. No index serves the
    condition, so that it never takes the list out of its order.
    """

    condition: ColumnElement[bool]
    index_path: Select[Any] | None = None


def conditions(
    connection: Connection, book: str, filters: CustomerFilter, currency: str | None, now: datetime
) -> list[Condition]:
    """All that `filters` asks of a row of customer_summary, with customer_totals joined to it."""
    summary, known, totals = customer_summary.c, customers.c, customer_totals.c
    methods, paid_first = customer_methods.c, customer_activity.c

    def through(customer_id: ColumnElement[str], *found: ColumnElement[bool]) -> Select[Any]:
        return select(customer_id).where(customer_id.table.c.book == book, *found)

    def known_as(found: ColumnElement[bool]) -> Condition:
        return Condition(_has(known, found), through(known.customer_id, found))

    def paid_by(found: ColumnElement[bool]) -> Condition:
        return Condition(_has(methods, found), through(methods.customer_id, found))

    def paid_how(method: str) -> Condition:
        # A payer who chose another way has a row of the way before, with no payments.
        return paid_by(and_(methods.method == method, methods.payment_count > 0))

    def spent(least: int) -> Condition:
        # Those who never paid have spent 0, and stand in no index of what was spent.
        found = (totals.currency == (currency or ""), totals.total_spent >= least)
        return Condition(
            operator.ge(SPENT, least), through(totals.customer_id, *found) if least > 0 else None
        )

    def acquired_by(source: Source) -> Condition:
        return Condition(
            _has(paid_first, paid_first.first_source == source),
            through(summary.customer_id, summary.first_source == source),
        )

    def acquired_via(source_id: str) -> Condition:
        # Said of every source, for they stand first in the index.
        found = (summary.first_source.in_(SOURCES), summary.first_source_id == source_id)
        return Condition(
            _has(paid_first, paid_first.first_source_id == source_id),
            through(summary.customer_id, *found),
        )

    def first_paid(asked: tuple[datetime | None, datetime | None, str | None]) -> Condition:
        start, end, paid_in = asked
        # They stand first in the index: so all that the book has are said where none is asked for.
        every = [each.currency for each in totals_by_currency(connection, book)]
        in_time = between(paid_first.first_payment_at, start, end)
        found = (paid_first.first_currency.in_([paid_in] if paid_in else every), *in_time)
        return Condition(_has(paid_first, and_(*found)), through(paid_first.customer_id, *found))

    possible: list[tuple[Any, Callable[[Any], Condition]]] = [
        (filters.external_id, lambda called: known_as(known.external_id_seen == seen(called))),
        (filters.email, lambda email: known_as(known.mailbox == mailbox(email))),
        (
            searched_parts(filters.search or "") or None,
            lambda parts: Condition(
                _has(known, search_index.containing(*parts)),
                search_index.found(connection, book, *parts),
            ),
        ),
        (filters.acquired_via, acquired_via),
        (filters.source, acquired_by),
        (filters.first_paid, first_paid),
        (filters.subscription_status, lambda status: _as_subscriber(status, through)),
        *(([tag], lambda any_of: _tagged(any_of, through)) for tag in filters.tags_all),
        (filters.tags_any or None, lambda any_of: _tagged(any_of, through)),
        (filters.min_spend, spent),
        (filters.max_spend, lambda most: Condition(operator.le(SPENT, most))),
        (filters.currency, lambda asked_in: _paid_in(asked_in, through)),
        (filters.provider, lambda provider: paid_by(methods.provider == provider)),
        (filters.payment_method, paid_how),
        (filters.activity_status, lambda status: _as_active(status, now, through)),
    ]
    return [asks(value) for value, asks in possible if value is not None]


_Through = Callable[..., Select[Any]]


def _paid_in(currency: str, through: _Through) -> Condition:
    totals = customer_totals.alias("paid").c
    found = totals.currency == currency
    return Condition(_has(totals, found), through(totals.customer_id, found))


def _has(column: Any, found: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition that the customer has such a row in another table, looked up by its key."""
    same = (
        column.book == customer_summary.c.book,
        column.customer_id == customer_summary.c.customer_id,
    )
    # With an offset PostgreSQL asks row by row; else it might join all such rows, then sort.
    return select(literal(1)).where(*same, found).offset(0).exists()


def _tagged(any_of: Sequence[str], through: _Through) -> Condition:
    tags, known = customer_tags.alias().c, customers.alias().c
    current = (
        select(literal(1))
        .where(
            known.book == tags.book,
            known.customer_id == tags.customer_id,
            known.profile_position == tags.profile_position,
        )
        .exists()
    )
    found = and_(tags.tag.in_(any_of), current)
    return Condition(_has(tags, found), through(tags.customer_id, found))


def _as_subscriber(status: SubscriptionStanding, through: _Through) -> Condition:
    of_customer = customer_subscriptions.c
    if status == "none":
        return Condition(~_has(of_customer, or_(*(of_customer[each] > 0 for each in STANDINGS))))
    better = STANDINGS[: STANDINGS.index(status)]
    found = and_(of_customer[status] > 0, *(of_customer[each] <= 0 for each in better))
    return Condition(_has(of_customer, found), through(of_customer.customer_id, found))


def _as_active(status: ActivityStatus, now: datetime, through: _Through) -> Condition:
    summary, since, fits = customer_summary.c, micros(now - RECENT), activity(status, now)
    if status == "inactive":
        return Condition(fits)
    moment = summary.last_payment_at if status == "active" else summary.registered_at
    return Condition(fits, through(summary.customer_id, moment >= since, fits))


def activity(status: ActivityStatus, now: datetime) -> ColumnElement[bool]:
    """The condition that a row of customer_summary is active, inactive or new at `now`."""
    summary = customer_summary.c
    since = micros(now - RECENT)
    active = func.coalesce(summary.last_payment_at, since - 1) >= since
    new = and_(
        summary.registered_at >= since,
        func.coalesce(summary.first_payment_at, since) >= since,
    )
    match status:
        case "active":
            return active
        case "new":
            return new
        case _:
            return and_(~active, ~new)
