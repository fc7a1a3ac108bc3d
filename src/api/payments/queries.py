"""Queries of payments, refunds and status histories."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo200, array_answer
from api.http.parsing import parse_query
from api.http.query_fields import Instant, Whole
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import needs, new_router
from api.resources.customer_secrecy import may_ask_for, told
from api.resources.filter_types import Method, StatusName
from api.resources.payments import (
    PaymentSummary,
    RecordedPayment,
    Refund,
    StatusChange,
    listed_payment_of,
    recorded_payment_of,
    refund_of,
    status_change_of,
)
from commands.client_secrets import client_secret
from commands.fields import CountryCode, CurrencyCode, Text
from domain.errors import NotFound
from domain.payment_refusals import PaymentNotFound
from domain.payment_types import Source
from projections.customers import customer_record
from projections.engine.querying.pages import Page
from projections.payer_details import payer_of
from projections.payment_list import PaymentFilter, payment_list
from projections.payment_status_history import StatusChange as StatusChangeRecord
from projections.payment_status_history import status_history
from projections.payments import PaymentRecord, payment
from projections.refunds_and_disputes import Refund as RefundRecord
from projections.refunds_and_disputes import refund, refund_list

router = new_router("payments")
READ = needs("payments:read")

_METADATA = "metadata."


class RefundNotFound(NotFound):
    code = "refund_not_found"

    def __init__(self, refund_id: str) -> None:
        super().__init__(f"no refund {refund_id}", refund_id=refund_id)


class FilterPayments(BaseModel):
    """What the payments asked for must have in common; ``metadata.<name>=<value>`` too."""

    status: StatusName | None = None
    customer_id: Text | None = None
    provider: Text | None = None
    method: Method | None = None
    currency: CurrencyCode | None = None
    country: CountryCode | None = None
    source: Source | None = None
    source_id: Text | None = None
    search: Text | None = None
    amount_min: Whole | None = None
    amount_max: Whole | None = None
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")

    def filter(self, request: ApiRequest) -> PaymentFilter:
        may_ask_for(request, self.customer_id)
        conditions = self.model_dump(include=set(FilterPayments.model_fields))
        return PaymentFilter(**conditions, metadata=_metadata(request))


class ListPayments(PageRequest, FilterPayments):
    limit: UpTo200 = 50


class ListRows(PageRequest):
    limit: UpTo200 = 50


@router.get("/v1/payments", response_model=list[PaymentSummary], dependencies=[READ])
async def list_payments(request: ApiRequest, query: Annotated[ListPayments, Query()]) -> Response:
    """Newest first."""
    page = await request.ask(payment_list, query.filter(request), **query.place)
    org_id = request.org_id
    return array_answer(request, page, lambda row: told(request, listed_payment_of(row, org_id)))


@router.get("/v1/payments/refunds", response_model=list[Refund], dependencies=[READ])
async def list_refunds(request: ApiRequest, query: Annotated[ListRows, Query()]) -> Response:
    """All refunds, newest first."""
    page = await request.ask(refund_list, **query.place)
    return array_answer(request, page, refund_of)


@router.get("/v1/payments/refunds/{refund_id}", response_model=Refund, dependencies=[READ])
async def show_refund(request: ApiRequest, refund_id: str) -> Response:
    """One refund."""
    found = await request.ask(refund, refund_id)
    if found is None:
        raise RefundNotFound(refund_id)
    return answer(refund_of(found))


@router.get("/v1/payments/{payment_id}", response_model=RecordedPayment, dependencies=[READ])
async def show_payment(request: ApiRequest, payment_id: str) -> Response:
    """All of one payment."""

    def read(db: Connection, book: str) -> dict[str, Any]:
        found = _payment(db, book, payment_id)
        return recorded_payment_of(
            found,
            request.org_id,
            customer=customer_record(db, book, found.customer_id) if found.customer_id else None,
            said=payer_of(db, book, payment_id),
            client_secret=client_secret(request.caller.organization, payment_id),
        )

    return answer(told(request, await request.ask(read)))


@router.get("/v1/payments/{payment_id}/refunds", response_model=list[Refund], dependencies=[READ])
async def list_payment_refunds(
    request: ApiRequest, payment_id: str, query: Annotated[ListRows, Query()]
) -> Response:
    """The refunds of one payment, newest first."""

    def read(db: Connection, book: str) -> Page[RefundRecord]:
        _payment(db, book, payment_id)
        return refund_list(db, book, payment_id=payment_id, **query.place)

    return array_answer(request, await request.ask(read), refund_of)


@router.get(
    "/v1/payments/{payment_id}/status_history",
    response_model=list[StatusChange],
    dependencies=[READ],
)
async def list_status_history(
    request: ApiRequest, payment_id: str, query: Annotated[ListRows, Query()]
) -> Response:
    """Through which statuses the payment went, newest first."""

    def read(db: Connection, book: str) -> Page[StatusChangeRecord]:
        _payment(db, book, payment_id)
        return status_history(db, book, payment_id, **query.place)

    return array_answer(request, await request.ask(read), status_change_of)


def _payment(db: Connection, book: str, payment_id: str) -> PaymentRecord:
    found = payment(db, book, payment_id)
    if found is None:
        raise PaymentNotFound(payment_id)
    return found


def _metadata(request: ApiRequest) -> Mapping[str, str]:
    fields = parse_query(request.scope["query_string"])
    return {
        name.removeprefix(_METADATA): value
        for name, value in fields.items()
        if name.startswith(_METADATA)
    }
