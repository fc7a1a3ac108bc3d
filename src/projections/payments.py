"""Payments as they are now, and what became of each."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Connection, select

from domain.payment import Payment
from projections.engine.folding.changes import Changes, Recorded, Rows
from projections.engine.folding.searchable_text import searchable
from projections.engine.folding.tables import at_latest, first, key, last, latest, total, view
from projections.engine.folding.timestamps import instant, instant_or_none
from projections.engine.querying.records import record_from

payments = view(
    "payments",
    key("payment_id"),
    last("customer_id"),
    last("amount", BigInteger),
    first("currency"),
    first("source"),
    first("source_id"),
    first("source_description"),
    last("method"),
    first("country"),
    first("first_provider"),
    last("provider"),
    last("provider_ref_id"),
    first("reference"),
    first("description"),
    first("capture_method"),
    last("metadata"),
    latest("metadata_position"),
    last("status"),
    # What belongs to one status only goes with it: the next status does not state it.
    latest("status_position"),
    at_latest("failure_code", of="status_position"),
    at_latest("failure_message", of="status_position"),
    at_latest("next_action", of="status_position"),
    last("authorized_amount", BigInteger),
    last("captured_amount", BigInteger),
    total("refunded_amount"),
    total("disputed_amount"),
    first("created_at", BigInteger),
    first("succeeded_at", BigInteger),
    latest("updated_at"),
    first("search"),
    # Where it was recorded: what had happened by a moment of the past is read off these.
    first("created_position", BigInteger),
    first("succeeded_position", BigInteger),
    first("attached_at", BigInteger),
    first("attached_position", BigInteger),
    indexes=[
        ("created_at", "payment_id"),
        ("customer_id", "created_at", "payment_id"),
        ("status", "created_at", "payment_id"),
        ("customer_id", "succeeded_at", "payment_id"),
        ("succeeded_at", "payment_id", "currency", "customer_id", "captured_amount"),
        ("source_id", "created_at", "payment_id"),
        # What figures of the past are added up from: a book is read through in this alone.
        (
            *("currency", "customer_id", "source", "source_id"),
            *("created_at", "created_position", "succeeded_at", "succeeded_position"),
            *("attached_at", "attached_position", "captured_amount"),
        ),
    ],
)

# A payment carries a note (a name with a text value in its metadata) while the position here is
# that of its metadata: nothing has to be deleted when the metadata changes. Notes are kept as
# digests, so that an index holds a text of any length.
payment_notes = view(
    "payment_notes",
    key("payment_id"),
    key("note"),
    latest("metadata_position"),
    indexes=[("note", "payment_id")],
)

# Each time the payer chose another way to pay.
method_selections = view(
    "method_selections",
    key("payment_id"),
    key("position", BigInteger),
    first("previous_method"),
    first("selected_at", BigInteger),
)


StatusChange = (
    Payment.ActionRequired
    | Payment.ProcessingStarted
    | Payment.Authorized
    | Payment.PartiallyCaptured
    | Payment.Succeeded
    | Payment.Failed
    | Payment.Canceled
    | Payment.RestReleased
    | Payment.Expired
    | Payment.Retried
    | Payment.Refunded
    | Payment.DisputeOpened
    | Payment.DisputeWon
    | Payment.DisputeLost
    | Payment.ReceiptRequested
)
PaymentFact = (
    Payment.Created
    | Payment.Amended
    | Payment.CustomerAttached
    | Payment.MethodSelected
    | StatusChange
)


def fold(recorded: Recorded[PaymentFact], changes: Changes) -> None:
    fact, at = recorded.fact, recorded.at
    rows, key = changes.of(payments), (fact.originator_id,)
    match fact:
        case Payment.Created():
            _created(rows, fact, recorded.position, at)
            _note(changes, recorded.position, fact)
        case Payment.Amended():
            rows.merge(
                key,
                amount=fact.amount,
                metadata=_plain(fact.metadata),
                metadata_position=recorded.position,
                updated_at=at,
            )
            _note(changes, recorded.position, fact)
        case Payment.CustomerAttached():
            rows.merge(
                key,
                customer_id=fact.customer_id,
                updated_at=at,
                attached_at=at,
                attached_position=recorded.position,
            )
        case Payment.MethodSelected():
            rows.merge(key, method=fact.method, updated_at=at)
            changes.of(method_selections).merge(
                (*key, recorded.position), previous_method=fact.previous_method, selected_at=at
            )
        case _:
            rows.merge(
                key,
                status=fact.status,
                status_position=recorded.position,
                updated_at=at,
                **_became(fact, recorded.position, at),
            )


def _created(rows: Rows, fact: Payment.Created, position: int, at: int) -> None:
    words = (fact.originator_id, fact.reference, fact.description, fact.source_description)
    rows.merge(
        (fact.originator_id,),
        customer_id=fact.customer_id,
        amount=fact.amount,
        currency=fact.currency,
        source=fact.source,
        source_id=fact.source_id,
        source_description=fact.source_description,
        method=fact.method,
        country=fact.country,
        first_provider=fact.provider,
        provider=fact.provider,
        reference=fact.reference,
        description=fact.description,
        capture_method=fact.capture_method,
        metadata=_plain(fact.metadata),
        metadata_position=position,
        status=fact.status,
        created_at=at,
        created_position=position,
        updated_at=at,
        search=searchable("\n".join(filter(None, words))),
    )


def _became(fact: StatusChange, position: int, at: int) -> dict[str, Any]:
    """What a fact changes beside the status."""
    row: dict[str, Any] = {}
    match fact:
        case Payment.ActionRequired():
            row = {"next_action": _plain(fact.next_action)}
        case Payment.ProcessingStarted():
            row = {"provider_ref_id": fact.provider_ref_id}
        case Payment.Authorized():
            row = {"authorized_amount": fact.amount} | _provider(fact)
        case Payment.PartiallyCaptured():
            row = {"captured_amount": fact.captured_amount}
        case Payment.Succeeded():
            row = {"captured_amount": fact.captured_amount, **_provider(fact)}
            row |= {"succeeded_at": at, "succeeded_position": position}
        case Payment.Failed():
            row = {"failure_code": fact.failure_code, "failure_message": fact.failure_message}
        case Payment.Refunded():
            row = {"refunded_amount": fact.refund_amount}
        case Payment.DisputeLost():
            row = {"disputed_amount": fact.disputed_amount}
        case (
            Payment.Canceled()
            | Payment.RestReleased()
            | Payment.Expired()
            | Payment.Retried()
            | Payment.DisputeOpened()
            | Payment.DisputeWon()
            | Payment.ReceiptRequested()
        ):
            pass
    return row


def _provider(fact: Payment.Authorized | Payment.Succeeded) -> dict[str, Any]:
    return {"provider": fact.provider, "provider_ref_id": fact.provider_ref_id}


def _note(changes: Changes, position: int, fact: Payment.Created | Payment.Amended) -> None:
    for name, value in fact.metadata.items():
        if isinstance(value, str):
            key = (fact.originator_id, note_of(name, value))
            changes.of(payment_notes).merge(key, metadata_position=position)


def _plain(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode()


def note_of(name: str, value: str) -> str:
    """The digest under which `metadata.<name>=<value>` is found: 64 hex digits."""
    return hashlib.sha256(f"{len(name)} {name}={value}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """A payment; amounts in the minor unit of `currency`."""

    payment_id: str
    customer_id: str | None
    amount: int
    currency: str
    status: str
    source: str
    source_id: str | None
    source_description: str | None
    method: str
    country: str | None
    provider: str | None
    provider_ref_id: str | None
    reference: str | None
    description: str | None
    metadata: dict[str, Any]
    capture_method: str
    authorized_amount: int
    captured_amount: int
    refunded_amount: int
    disputed_amount: int
    failure_code: str | None
    failure_message: str | None
    next_action: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    succeeded_at: datetime | None


def payment(connection: Connection, book: str, payment_id: str) -> PaymentRecord | None:
    """One payment by id, None when there is none."""
    row = connection.execute(
        select(payments).where(
            payments.c.book == book,
            payments.c.payment_id == payment_id,
            payments.c.created_at.is_not(None),
        )
    ).first()
    return None if row is None else payment_of(row)


def payment_of(row: Any) -> PaymentRecord:
    return record_from(
        row,
        PaymentRecord,
        metadata=orjson.loads(row.metadata),
        authorized_amount=row.authorized_amount or 0,
        captured_amount=row.captured_amount or 0,
        next_action=None if row.next_action is None else orjson.loads(row.next_action),
        created_at=instant(row.created_at),
        updated_at=instant(row.updated_at),
        succeeded_at=instant_or_none(row.succeeded_at),
    )
