"""Invoices of a book as they are now."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Unpack

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    false,
    func,
    or_,
    true,
)

from domain.invoice import Invoice, InvoiceStatus, written_number
from projections.customers import search_index, searched_parts, still_there
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.tables import at_latest, first, key, latest, view
from projections.engine.folding.timestamps import instant, instant_or_none, micros
from projections.engine.querying.candidates import among, candidates
from projections.engine.querying.conditions import equal_to
from projections.engine.querying.newest_first import (
    all_newest_first,
    created_in_range,
    newest_first,
)
from projections.engine.querying.pages import Page, PageArguments
from projections.engine.querying.records import record_from

invoices = view(
    "invoices",
    key("invoice_id"),
    first("subscription_id"),
    first("customer_id"),
    first("payment_id"),
    first("plan_id"),
    first("amount", BigInteger),
    first("currency"),
    first("number", BigInteger),
    first("number_prefix"),
    first("period", Integer),
    first("period_start", BigInteger),
    first("period_end", BigInteger),
    first("max_retries", Integer),
    first("created_at", BigInteger),
    first("paid_at", BigInteger),
    latest("updated_at"),
    latest("state_position"),
    at_latest("status", of="state_position"),
    at_latest("retry_count", of="state_position", kind=Integer),
    at_latest("next_retry_at", of="state_position", kind=BigInteger),
    latest("notes_position"),
    at_latest("due_at", of="notes_position", kind=BigInteger),
    at_latest("metadata", of="notes_position"),
    indexes=[
        ("created_at", "invoice_id"),
        ("customer_id", "created_at", "invoice_id"),
        ("subscription_id", "created_at", "invoice_id"),
        ("status", "created_at", "invoice_id"),
        ("status", "due_at", "invoice_id"),
        ("number", "invoice_id"),
    ],
)


InvoiceFact = (
    Invoice.Issued
    | Invoice.Amended
    | Invoice.Paid
    | Invoice.Failed
    | Invoice.Retried
    | Invoice.RetriesStopped
    | Invoice.Canceled
)


@ignoring(Invoice.Numbered)
def fold(recorded: Recorded[InvoiceFact], changes: Changes) -> None:
    fact, at, position = recorded.fact, recorded.at, recorded.position
    row: dict[str, Any] = {
        "updated_at": at,
        "state_position": position,
        "status": fact.status,
        "retry_count": fact.retry_count,
        "next_retry_at": None if fact.next_retry_at is None else micros(fact.next_retry_at),
    }
    match fact:
        case Invoice.Issued():
            row |= _issued(fact, at) | _notes(position, fact.due_at, fact.metadata)
        case Invoice.Amended():
            row |= _notes(position, fact.due_at, fact.metadata)
        case Invoice.Paid():
            row["paid_at"] = at
        case Invoice.Failed() | Invoice.Retried() | Invoice.RetriesStopped() | Invoice.Canceled():
            pass  # every fact states what these change
    changes.of(invoices).merge((fact.originator_id,), **row)


def _issued(fact: Invoice.Issued, at: int) -> dict[str, Any]:
    return {
        "subscription_id": fact.subscription_id,
        "customer_id": fact.customer_id,
        "payment_id": fact.payment_id,
        "plan_id": fact.plan_id,
        "amount": fact.amount,
        "currency": fact.currency,
        "number": fact.number,
        "number_prefix": fact.number_prefix,
        "period": fact.period,
        "period_start": micros(fact.period_start),
        "period_end": micros(fact.period_end),
        "max_retries": fact.retry_policy["max_retries"],
        "created_at": at,
    }


def _notes(position: int, due_at: datetime, metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "notes_position": position,
        "due_at": micros(due_at),
        "metadata": orjson.dumps(metadata).decode(),
    }


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """An invoice as it stands; `amount` in the minor unit of `currency`."""

    invoice_id: str
    subscription_id: str
    customer_id: str
    payment_id: str
    plan_id: str
    amount: int
    currency: str
    status: InvoiceStatus
    number: int | None
    number_prefix: str | None
    period: int
    period_start: datetime
    period_end: datetime
    due_at: datetime
    paid_at: datetime | None
    retry_count: int
    max_retries: int
    next_retry_at: datetime | None
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @property
    def written_number(self) -> str | None:
        return written_number(self.number_prefix, self.number)


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """What the invoices asked for have in common; `start` ≤ created_at < `end`.

    `number` is as it stands on an invoice, or its figures alone; `search` is that, or a part of the
    customer's name, email, phone, external id or id.
    """

    number: str | None = None
    status: InvoiceStatus | None = None
    customer_id: str | None = None
    subscription_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    due_before: datetime | None = None
    search: str | None = None


def invoice(connection: Connection, book: str, invoice_id: str) -> InvoiceRecord | None:
    """One invoice by id, None when there is none."""
    one = created_in_range(invoices, book).where(invoices.c.invoice_id == invoice_id)
    row = connection.execute(one).first()
    return None if row is None else _record(row)


def invoice_list(
    connection: Connection,
    book: str,
    filters: InvoiceFilter,
    **page: Unpack[PageArguments],
) -> Page[InvoiceRecord]:
    """Newest first; the total is true up to candidates.FEW. Raises BadCursor."""
    return newest_first(connection, _fitting(connection, book, filters), invoices, **page).of(
        _record
    )


def invoice_export(
    connection: Connection, book: str, filters: InvoiceFilter
) -> Iterator[InvoiceRecord]:
    """All invoices that fit, in the order of the list, read some hundreds at a time."""
    return map(_record, all_newest_first(connection, _fitting(connection, book, filters), invoices))


def _fitting(connection: Connection, book: str, filters: InvoiceFilter) -> Select[Any]:
    return created_in_range(invoices, book, filters.start, filters.end).where(
        *equal_to(invoices, filters, "status", "customer_id", "subscription_id"),
        *(() if filters.number is None else _numbered(filters.number.strip())),
        *(() if filters.due_before is None else (invoices.c.due_at < micros(filters.due_before),)),
        *(() if filters.search is None else (_searched(connection, book, filters.search),)),
    )


def _searched(connection: Connection, book: str, text: str) -> ColumnElement[bool]:
    numbered = and_(*_numbered(text.strip()))
    called = search_index.found(connection, book, *searched_parts(text)).where(*still_there())
    found = candidates(connection, [called])
    if found is None or not found.complete:
        return or_(numbered, invoices.c.customer_id.in_(called))
    return or_(numbered, among(connection, invoices.c.customer_id, found.ids))


def _numbered(written: str) -> tuple[ColumnElement[bool], ...]:
    figures = re.search(r"[0-9]{1,18}$", written)
    if figures is None:
        return (false(),)
    prefix = func.lower(func.coalesce(invoices.c.number_prefix, ""))
    said = written[: figures.start()].lower()
    return (invoices.c.number == int(figures[0]), prefix == said if said else true())


def _record(row: Row[Any]) -> InvoiceRecord:
    return record_from(
        row,
        InvoiceRecord,
        period_start=instant(row.period_start),
        period_end=instant(row.period_end),
        due_at=instant(row.due_at),
        paid_at=instant_or_none(row.paid_at),
        next_retry_at=instant_or_none(row.next_retry_at),
        metadata=orjson.loads(row.metadata),
        created_at=instant(row.created_at),
        updated_at=instant(row.updated_at),
    )
