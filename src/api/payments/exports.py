"""Exports of payments, refunds and disputes as files."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.routing import new_router
from api.payments.filters import FilterDisputes, FilterPayments, FilterRefunds
from api.payments.queries import READ
from api.resources.customer_secrecy import told
from api.resources.disputes import Dispute, DisputesExport, dispute_of
from api.resources.export_files import DESCRIBED, ExportFile
from api.resources.payments import (
    PaymentsExport,
    PaymentSummary,
    listed_payment_of,
)
from api.resources.refunds import Refund, RefundsExport, refund_of
from projections.customers import with_customer_names
from projections.disputes import dispute_export
from projections.payment_list import payment_export
from projections.refunds_and_disputes import refund_export

router = new_router("payments")


class ExportPayments(ExportFile, FilterPayments):
    pass


class ExportRefunds(ExportFile, FilterRefunds):
    pass


class ExportDisputes(ExportFile, FilterDisputes):
    pass


@router.get(
    "/v1/payments/export", response_model=PaymentsExport, responses=DESCRIBED, dependencies=[READ]
)
async def export_payments(
    request: ApiRequest, query: Annotated[ExportPayments, Query()]
) -> Response:
    """Every payment that fits, as JSON or CSV.

    By success it adds up to the revenue of the same days.
    """
    conditions, org_id = query.filter(request), request.org_id

    def rows(db: Connection, book: str) -> Iterator[dict[str, Any]]:
        found = payment_export(db, book, conditions(db, book))
        return (told(request, listed_payment_of(each, org_id)) for each in found)

    return query.of(request, "payments", PaymentSummary, rows)


@router.get(
    "/v1/exports/payments", response_model=PaymentsExport, responses=DESCRIBED, dependencies=[READ]
)
async def export_payments_too(
    request: ApiRequest, query: Annotated[ExportPayments, Query()]
) -> Response:
    """The same at its newer place."""
    return await export_payments(request, query)


@router.get(
    "/v1/exports/refunds", response_model=RefundsExport, responses=DESCRIBED, dependencies=[READ]
)
async def export_refunds(request: ApiRequest, query: Annotated[ExportRefunds, Query()]) -> Response:
    """Every refund that fits, as JSON or CSV."""
    conditions = query.filter(request)

    def rows(db: Connection, book: str) -> Iterator[dict[str, Any]]:
        found = with_customer_names(db, book, refund_export(db, book, conditions(db, book)))
        return (told(request, refund_of(*each)) for each in found)

    return query.of(request, "refunds", Refund, rows)


@router.get(
    "/v1/exports/disputes", response_model=DisputesExport, responses=DESCRIBED, dependencies=[READ]
)
async def export_disputes(
    request: ApiRequest, query: Annotated[ExportDisputes, Query()]
) -> Response:
    """Every dispute that fits, as JSON or CSV; ``disputed_amount`` adds up to what was lost."""
    conditions = query.filter(request)

    def rows(db: Connection, book: str) -> Iterator[dict[str, Any]]:
        found = with_customer_names(db, book, dispute_export(db, book, conditions(db, book)))
        return (told(request, dispute_of(*each)) for each in found)

    return query.of(request, "disputes", Dispute, rows)
