"""Subscriptions of a book as they are now, and how many of each kind a customer has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Unpack

import orjson
from sqlalchemy import BigInteger, Connection, Row, Select

from domain.subscription import Plan, Subscription, SubscriptionStatus
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.tables import at_latest, first, key, latest, total, view
from projections.engine.folding.timestamps import instant, instant_or_none, micros
from projections.engine.querying.conditions import equal_to
from projections.engine.querying.newest_first import (
    all_newest_first,
    created_in_range,
    newest_first,
)
from projections.engine.querying.pages import Page, PageArguments
from projections.engine.querying.records import record_from

subscriptions = view(
    "subscriptions",
    key("subscription_id"),
    first("customer_id"),
    first("created_at", BigInteger),
    first("starts_at", BigInteger),
    first("trial_end", BigInteger),
    latest("updated_at"),
    # Each fact that states a plan carries all of it; so does each of what may become null again.
    latest("plan_position"),
    at_latest("plan", of="plan_position"),
    at_latest("plan_id", of="plan_position"),
    at_latest("amount", of="plan_position", kind=BigInteger),
    at_latest("currency", of="plan_position"),
    latest("state_position"),
    at_latest("status", of="state_position"),
    at_latest("next_renewal_at", of="state_position", kind=BigInteger),
    latest("status_position"),
    at_latest("status_reason", of="status_position"),
    latest("end_position"),
    at_latest("ends_at", of="end_position", kind=BigInteger),
    latest("period"),
    at_latest("period_start", of="period", kind=BigInteger),
    at_latest("period_end", of="period", kind=BigInteger),
    at_latest("latest_invoice_id", of="period"),
    indexes=[
        ("created_at", "subscription_id"),
        ("customer_id", "created_at", "subscription_id"),
        ("plan_id", "created_at", "subscription_id"),
    ],
)

# The better first: a customer's status is the best of their subscriptions, or `none`.
STANDINGS: tuple[SubscriptionStatus, ...] = ("active", "paused", "canceled")
SubscriptionStanding = Literal["none", "active", "paused", "canceled"]

customer_subscriptions = view(
    "customer_subscriptions",
    key("customer_id"),
    *map(total, STANDINGS),
    indexes=[(status, "customer_id") for status in STANDINGS],
)


SubscriptionFact = (
    Subscription.Created
    | Subscription.Updated
    | Subscription.Renewed
    | Subscription.Paused
    | Subscription.Resumed
    | Subscription.EndScheduled
    | Subscription.EndRevoked
    | Subscription.Canceled
)


def fold(recorded: Recorded[SubscriptionFact], changes: Changes) -> None:
    fact, at, position = recorded.fact, recorded.at, recorded.position
    row: dict[str, Any] = {
        "updated_at": at,
        "state_position": position,
        "status": fact.status,
        "next_renewal_at": None if fact.next_renewal_at is None else micros(fact.next_renewal_at),
    }
    match fact:
        case Subscription.Created():
            row |= _created(position, at, fact)
        case Subscription.Updated():
            row |= _plan(position, fact.plan)
        case Subscription.Renewed():
            row |= _renewed(position, fact)
        case Subscription.Paused():
            row |= _why(position, fact.reason)
        case Subscription.Resumed():
            row |= _why(position, None)
        case Subscription.EndScheduled():
            row |= _end(position, fact.ends_at)
        case Subscription.EndRevoked():
            row |= _end(position, None)
        case Subscription.Canceled():
            row |= _why(position, fact.reason) | _end(position, None)
    changes.of(subscriptions).merge((fact.originator_id,), **row)
    _count(fact, changes)


def _count(fact: SubscriptionFact, changes: Changes) -> None:
    if fact.status != fact.previous_status:
        moved = {fact.status: 1}
        if fact.previous_status is not None:
            moved[fact.previous_status] = -1
        changes.of(customer_subscriptions).merge((fact.customer_id,), **moved)


def _created(position: int, at: int, fact: Subscription.Created) -> dict[str, Any]:
    return {
        "customer_id": fact.customer_id,
        "created_at": at,
        "starts_at": micros(fact.starts_at),
        "trial_end": None if fact.trial_end is None else micros(fact.trial_end),
    } | _plan(position, fact.plan)


def _renewed(position: int, fact: Subscription.Renewed) -> dict[str, Any]:
    is_last = fact.next_renewal_at is None
    return {
        "period": fact.period,
        "period_start": micros(fact.period_start),
        "period_end": micros(fact.period_end),
        "latest_invoice_id": fact.invoice_id,
    } | (_end(position, fact.period_end) if is_last else {})


def _why(position: int, reason: str | None) -> dict[str, Any]:
    return {"status_position": position, "status_reason": reason}


def _end(position: int, ends_at: datetime | None) -> dict[str, Any]:
    return {"end_position": position, "ends_at": None if ends_at is None else micros(ends_at)}


def _plan(position: int, plan: Plan) -> dict[str, Any]:
    return {
        "plan_position": position,
        "plan": orjson.dumps(plan).decode(),
        "plan_id": plan["plan_id"],
        "amount": plan["amount"],
        "currency": plan["currency"],
    }


@dataclass(frozen=True, slots=True)
class SubscriptionRecord:
    """A subscription as it stands; `status_reason` says why it is paused or canceled."""

    subscription_id: str
    customer_id: str
    plan: Plan
    status: SubscriptionStatus
    status_reason: str | None
    next_renewal_at: datetime | None
    starts_at: datetime
    trial_end: datetime | None
    ends_at: datetime | None
    period: int
    period_start: datetime
    period_end: datetime
    latest_invoice_id: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def cancel_at_period_end(self) -> bool:
        return self.ends_at is not None


@dataclass(frozen=True, slots=True)
class SubscriptionCounts:
    """How many subscriptions of a customer are active, paused and canceled."""

    active: int = 0
    paused: int = 0
    canceled: int = 0

    @property
    def total(self) -> int:
        return self.active + self.paused + self.canceled

    @property
    def status(self) -> SubscriptionStanding:
        """The best there is: active, else paused, else canceled, else none."""
        return next((each for each in STANDINGS if getattr(self, each)), "none")


@dataclass(frozen=True, slots=True)
class SubscriptionFilter:
    """What the subscriptions asked for have in common; `start` ≤ created_at < `end`."""

    status: SubscriptionStatus | None = None
    customer_id: str | None = None
    plan_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None


def subscription(
    connection: Connection, book: str, subscription_id: str
) -> SubscriptionRecord | None:
    """One subscription by id, None when there is none."""
    rows = created_in_range(subscriptions, book)
    one = rows.where(subscriptions.c.subscription_id == subscription_id)
    row = connection.execute(one).first()
    return None if row is None else _record(row)


def subscription_list(
    connection: Connection,
    book: str,
    filters: SubscriptionFilter,
    **page: Unpack[PageArguments],
) -> Page[SubscriptionRecord]:
    """Newest first; the total is true up to candidates.FEW. Raises BadCursor."""
    return newest_first(connection, _fitting(book, filters), subscriptions, **page).of(_record)


def subscription_export(
    connection: Connection, book: str, filters: SubscriptionFilter
) -> Iterator[SubscriptionRecord]:
    """All subscriptions that fit, in the order of the list, read some hundreds at a time."""
    return map(_record, all_newest_first(connection, _fitting(book, filters), subscriptions))


def _fitting(book: str, filters: SubscriptionFilter) -> Select[Any]:
    return created_in_range(subscriptions, book, filters.start, filters.end).where(
        *equal_to(subscriptions, filters, "status", "customer_id", "plan_id")
    )


def _record(row: Row[Any]) -> SubscriptionRecord:
    starts_at, trial_end = instant(row.starts_at), instant_or_none(row.trial_end)
    return record_from(
        row,
        SubscriptionRecord,
        plan=orjson.loads(row.plan),
        next_renewal_at=instant_or_none(row.next_renewal_at),
        period=row.period or 0,
        starts_at=starts_at,
        trial_end=trial_end,
        ends_at=instant_or_none(row.ends_at),
        # Before the first period: the trial, or a moment.
        period_start=instant_or_none(row.period_start) or starts_at,
        period_end=instant_or_none(row.period_end) or trial_end or starts_at,
        created_at=instant(row.created_at),
        updated_at=instant(row.updated_at),
    )
