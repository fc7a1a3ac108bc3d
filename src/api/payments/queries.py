"""Queries of payments, refunds and status histories."""

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo200, array_answer
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import needs, new_router
from api.payments.filters import FilterDisputes, FilterPayments, FilterRefunds
from api.resources.customer_secrecy import told
from api.resources.disputes import Dispute, dispute_of
from api.resources.payments import (
    Payment,
    PaymentSummary,
    StatusChange,
    listed_payment_of,
    recorded_payment_of,
    status_change_of,
)
from api.resources.refunds import Refund, refund_of
from commands.client_secrets import client_secret
from domain.errors import NotFound
from domain.payment_refusals import PaymentNotFound
from projections.customers import customer_record, with_customer_names
from projections.disputes import Dispute as DisputeRecord
from projections.disputes import dispute_list
from projections.engine.querying.pages import Page
from projections.facts_about import of_payment, of_refund
from projections.payer_details import payer_of
from projections.payment_list import ListedPayment, payment_list
from projections.payment_status_history import StatusChange as StatusChangeRecord
from projections.payment_status_history import status_history
from projections.payments import PaymentRecord, payment
from projections.refunds_and_disputes import Refund as RefundRecord
from projections.refunds_and_disputes import RefundFilter, refund, refund_list

router = new_router("payments")
READ = needs("payments:read")

NamedRefund = tuple[RefundRecord, str | None]


class RefundNotFound(NotFound):
    code = "refund_not_found"

    def __init__(self, refund_id: str) -> None:
        super().__init__(f"no refund {refund_id}", refund_id=refund_id)


class ListPayments(PageRequest, FilterPayments):
    limit: UpTo200 = 50


class ListRefunds(PageRequest, FilterRefunds):
    limit: UpTo200 = 50


class ListDisputes(PageRequest, FilterDisputes):
    limit: UpTo200 = 50


class ListRows(PageRequest):
    limit: UpTo200 = 50


@router.get("/v1/payments", response_model=list[PaymentSummary], dependencies=[READ])
async def list_payments(request: ApiRequest, query: Annotated[ListPayments, Query()]) -> Response:
    """Newest first; by success, the latest success first."""
    conditions, org_id = query.filter(request), request.org_id

    def read(db: Connection, book: str) -> Page[ListedPayment]:
        return payment_list(db, book, conditions(db, book), **query.place)

    page = await request.ask(read)
    return array_answer(request, page, lambda row: told(request, listed_payment_of(row, org_id)))


@router.get("/v1/payments/refunds", response_model=list[Refund], dependencies=[READ])
async def list_refunds(request: ApiRequest, query: Annotated[ListRefunds, Query()]) -> Response:
    """Newest first."""
    conditions = query.filter(request)

    def read(db: Connection, book: str) -> Page[NamedRefund]:
        page = refund_list(db, book, conditions(db, book), **query.place)
        return page.showing([*with_customer_names(db, book, page.rows)])

    page = await request.ask(read)
    return array_answer(request, page, lambda row: told(request, refund_of(*row)))


@router.get("/v1/payments/disputes", response_model=list[Dispute], dependencies=[READ])
async def list_disputes(request: ApiRequest, query: Annotated[ListDisputes, Query()]) -> Response:
    """Those decided last, or opened last, come first."""
    conditions = query.filter(request)

    def read(db: Connection, book: str) -> Page[tuple[DisputeRecord, str | None]]:
        page = dispute_list(db, book, conditions(db, book), **query.place)
        return page.showing([*with_customer_names(db, book, page.rows)])

    page = await request.ask(read)
    return array_answer(request, page, lambda row: told(request, dispute_of(*row)))


@router.get("/v1/payments/refunds/{refund_id}", response_model=Refund, dependencies=[READ])
async def show_refund(request: ApiRequest, refund_id: str) -> Response:
    """One refund."""

    def read(db: Connection, book: str) -> NamedRefund:
        found = refund(db, book, refund_id)
        if found is None:
            raise RefundNotFound(refund_id)
        return next(with_customer_names(db, book, [found]))

    found = await request.ask_about(of_refund(refund_id), read)
    return answer(told(request, refund_of(*found)))


@router.get("/v1/payments/{payment_id}", response_model=Payment, dependencies=[READ])
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

    return answer(told(request, await request.ask_about(of_payment(payment_id), read)))


@router.get("/v1/payments/{payment_id}/refunds", response_model=list[Refund], dependencies=[READ])
async def list_payment_refunds(
    request: ApiRequest, payment_id: str, query: Annotated[ListRows, Query()]
) -> Response:
    """The refunds of one payment, newest first."""

    def read(db: Connection, book: str) -> Page[NamedRefund]:
        _payment(db, book, payment_id)
        page = refund_list(db, book, RefundFilter(payment_id=payment_id), **query.place)
        return page.showing([*with_customer_names(db, book, page.rows)])

    page = await request.ask_about(of_payment(payment_id), read)
    return array_answer(request, page, lambda row: told(request, refund_of(*row)))


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

    page = await request.ask_about(of_payment(payment_id), read)
    return array_answer(request, page, status_change_of)


def _payment(db: Connection, book: str, payment_id: str) -> PaymentRecord:
    found = payment(db, book, payment_id)
    if found is None:
        raise PaymentNotFound(payment_id)
    return found
