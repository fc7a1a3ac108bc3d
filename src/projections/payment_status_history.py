"""Payment status history: the statuses a payment went through, when, by whom and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import BigInteger, Connection, func, select

from domain.payment import Payment
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.tables import first, key, view
from projections.engine.folding.timestamps import instant
from projections.engine.querying.pages import By, Page, PageArguments, fetch_page
from projections.engine.querying.records import record_from

payment_status_history = view(
    "payment_status_history",
    key("payment_id"),
    key("version", BigInteger),
    first("changed_at", BigInteger),
    first("from_status"),
    first("to_status"),
    first("changed_by"),
    first("reason"),
    first("position", BigInteger),
)

# Whoever makes a payment move: the business by its call, the provider by its answer, or time.
_CHANGED_BY: dict[type[Payment.Event], str] = {
    Payment.ActionRequired: "provider",
    Payment.ProcessingStarted: "provider",
    Payment.Authorized: "provider",
    Payment.Succeeded: "provider",
    Payment.Failed: "provider",
    Payment.DisputeOpened: "provider",
    Payment.DisputeWon: "provider",
    Payment.DisputeLost: "provider",
    Payment.Expired: "system",
}


def fold(recorded: Recorded[Payment.Event], changes: Changes) -> None:
    fact = recorded.fact
    if fact.status == fact.previous_status:
        return
    changes.of(payment_status_history).merge(
        (fact.originator_id, fact.originator_version),
        changed_at=recorded.at,
        from_status=fact.previous_status,
        to_status=fact.status,
        changed_by=_CHANGED_BY.get(type(fact), "api"),
        reason=_reason(fact),
        position=recorded.position,
    )


def _reason(fact: Payment.Event) -> str | None:
    match fact:
        case Payment.Created() | Payment.Succeeded():
            return None
        case Payment.Failed():
            return fact.failure_message
        case Payment.Canceled() | Payment.Refunded() | Payment.DisputeOpened():
            return fact.reason
        case _:
            return None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """`change_id` numbers what happened to the payment; `changed_by`: api, provider, system."""

    change_id: int
    from_status: str | None
    to_status: str
    changed_by: str
    reason: str | None
    changed_at: datetime


def status_history(
    connection: Connection,
    book: str,
    payment_id: str,
    **page: Unpack[PageArguments],
) -> Page[StatusChange]:
    """The status changes of a payment, newest first. An unknown payment has none."""
    column = payment_status_history.c
    of_payment = (column.book == book, column.payment_id == payment_id)
    counted = select(func.count()).select_from(payment_status_history).where(*of_payment)
    return fetch_page(
        connection,
        select(payment_status_history).where(*of_payment),
        (By(column.version, descending=True),),
        total=connection.execute(counted).scalar_one(),
        **page,
    ).of(_change)


def _change(row: Any) -> StatusChange:
    return record_from(row, StatusChange, change_id=row.version, changed_at=instant(row.changed_at))
