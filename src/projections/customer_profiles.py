"""Customer profiles: who a customer is, what it paid and how, and what won it over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, FromClause, and_, bindparam, select

from projections.book_totals import CurrencyTotals, totals_of
from projections.customer_summary import customer_summary, most_used_first
from projections.customer_totals import customer_activity, customer_totals
from projections.customers import (
    CustomerRecord,
    customer_id_of,
    customers,
    record_of,
    still_there,
)
from projections.engine.folding.timestamps import instant, instant_or_none
from projections.engine.querying.conditions import same
from projections.engine.time_travel.past_connection import OF_CUSTOMERS, TOLD_BY_FACTS
from projections.subscriptions import SubscriptionCounts, customer_subscriptions


@dataclass(frozen=True, slots=True)
class Acquisition:
    """The first payment that succeeded, by when it happened: what converted the customer."""

    payment_id: str
    source: str
    source_id: str | None
    source_description: str | None
    converted_at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer with its figures.

    `totals` are those of `currency`, None before any payment; `totals_by_currency` has all of
    them, that one first. Before any success `currency` is the one with most payments created, and
    nothing is preferred. Counts, first and last payment, and what converted the customer, are told
    across currencies; amounts of different ones are never added. `risk_score` is 0 to 100.
    """

    record: CustomerRecord
    currency: str | None
    totals: CurrencyTotals | None
    totals_by_currency: list[CurrencyTotals]
    preferred_method: str | None
    first_payment_at: datetime | None
    last_payment_at: datetime | None
    acquisition: Acquisition | None
    risk_score: float
    subscriptions: SubscriptionCounts

    @property
    def preferred_currency(self) -> str | None:
        return self.currency if self.first_payment_at is not None else None

    @property
    def customer_id(self) -> str:
        return self.record.customer_id

    @property
    def payment_count(self) -> int:
        return sum(each.payment_count for each in self.totals_by_currency)

    @property
    def successful_payments(self) -> int:
        return sum(each.successful_payments for each in self.totals_by_currency)

    @property
    def failed_payments(self) -> int:
        return sum(each.failed_payments for each in self.totals_by_currency)

    @property
    def total_refunds(self) -> int:
        return sum(each.refund_count for each in self.totals_by_currency)


def profile(connection: Connection, book: str, customer_id: str) -> Profile | None:
    """The profile of a customer by id; None when there is none, or it was deleted."""
    return next(iter(profiles(connection, book, [customer_id])), None)


def profile_by_external_id(connection: Connection, book: str, external_id: str) -> Profile | None:
    """The profile of the customer the business calls `external_id`, None when there is none."""
    customer_id = customer_id_of(connection, book, external_id)
    return None if customer_id is None else profile(connection, book, customer_id)


def profiles(connection: Connection, book: str, customer_ids: Sequence[str]) -> list[Profile]:
    """The profiles of the customers named, in the order given, without those deleted."""
    asked = {"asked_book": book, "asked_ids": list(customer_ids)}
    found = {row.customer_id: row for row in connection.execute(_WHO, asked)}
    of_them = asked | {"asked_ids": list(found)}
    figures = {row.customer_id: row for row in connection.execute(_FIGURES, of_them)}
    totals: dict[str, list[CurrencyTotals]] = {}
    for row in connection.execute(_TOTALS, of_them):
        totals.setdefault(row.customer_id, []).append(totals_of(row))
    return [
        _profile(found[customer_id], figures[customer_id], totals.get(customer_id, []))
        for customer_id in customer_ids
        if customer_id in found
    ]


def _asked(table: FromClause) -> Any:
    ids: BindParameter[Sequence[str]] = bindparam("asked_ids", expanding=True)
    return and_(table.c.book == bindparam("asked_book"), table.c.customer_id.in_(ids))


# Made once: to put them together takes longer than the database does to answer them.
_WHO = (
    select(
        customers,
        customer_subscriptions.c.active,
        customer_subscriptions.c.paused,
        customer_subscriptions.c.canceled,
    )
    .select_from(
        customers.outerjoin(
            customer_subscriptions, same(customer_subscriptions, customers, "customer_id")
        )
    )
    .where(_asked(customers), *still_there())
    .execution_options(**{TOLD_BY_FACTS: "asked_ids"})
)
_FIGURES = (
    select(
        customer_summary.c.customer_id,
        customer_summary.c.currency,
        customer_summary.c.preferred_method,
        customer_summary.c.risk_permille,
        customer_activity.c.first_payment_at,
        customer_activity.c.first_payment_id,
        customer_activity.c.first_source,
        customer_activity.c.first_source_id,
        customer_activity.c.first_source_description,
        customer_activity.c.last_payment_at,
    )
    .select_from(
        customer_summary.outerjoin(
            customer_activity, same(customer_activity, customer_summary, "customer_id")
        )
    )
    .where(_asked(customer_summary))
    .execution_options(**{OF_CUSTOMERS: "asked_ids"})
)
_TOTALS = (
    select(customer_totals)
    .where(_asked(customer_totals))
    .order_by(
        customer_totals.c.customer_id,
        *most_used_first(customer_totals.c),
        customer_totals.c.currency,
    )
    .execution_options(**{OF_CUSTOMERS: "asked_ids"})
)


def _profile(who: Any, figures: Any, totals: list[CurrencyTotals]) -> Profile:
    return Profile(
        record=record_of(who),
        currency=figures.currency,
        totals=totals[0] if totals else None,
        totals_by_currency=totals,
        preferred_method=figures.preferred_method,
        first_payment_at=instant_or_none(figures.first_payment_at),
        last_payment_at=instant_or_none(figures.last_payment_at),
        acquisition=_acquisition(figures),
        risk_score=(figures.risk_permille or 0) / 10,
        subscriptions=SubscriptionCounts(who.active or 0, who.paused or 0, who.canceled or 0),
    )


def _acquisition(row: Any) -> Acquisition | None:
    if row.first_payment_at is None:
        return None
    return Acquisition(
        payment_id=row.first_payment_id,
        source=row.first_source,
        source_id=row.first_source_id,
        source_description=row.first_source_description,
        converted_at=instant(row.first_payment_at),
    )
