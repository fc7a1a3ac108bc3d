"""Invoices: commands and queries."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.http.pagination import PageRequest, UpTo200, array_answer
from api.http.query_fields import Instant
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import example, needs, new_router
from api.resources.customer_secrecy import may_ask_for, told
from api.resources.export_files import DESCRIBED, ExportFile
from api.resources.filter_types import EitherSpelling
from api.resources.invoices import (
    Invoice,
    InvoicesExport,
    ListedInvoice,
    invoice_of,
)
from commands import invoices as commands
from commands.fields import Text
from commands.handling.unit_of_work import UnitOfWork
from commands.invoices import CancelInvoice, RetryInvoice, UpdateInvoice
from domain.invoice import Invoice as InvoiceAggregate
from domain.invoice import InvoiceNotFound, InvoiceStatus
from projections.customers import customer_id_meant, with_customer_names
from projections.engine.querying.pages import Page
from projections.facts_about import of_itself
from projections.invoices import InvoiceFilter, InvoiceRecord, invoice, invoice_export, invoice_list

command_router = new_router("invoices")
query_router = new_router("invoices")
READ, WRITE = needs("invoices:read"), needs("invoices:write")


class FilterInvoices(BaseModel):
    """``customer_id`` may be the merchant's own, or an e-mail address.

    ``from`` and ``to`` are other words for created_after and created_before.
    """

    number: Text | None = Field(None, description="As it stands on the invoice, or its figures.")
    search: Text | None = Field(
        None, description="Its number, or a part of what its customer is called."
    )
    status: Annotated[InvoiceStatus, EitherSpelling] | None = None
    customer_id: Text | None = None
    subscription_id: Text | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    due_before: Instant | None = None
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")

    def filter(self, request: ApiRequest) -> Callable[[Connection, str], InvoiceFilter]:
        named = self.customer_id
        may_ask_for(request, named or self.search)
        return lambda db, book: InvoiceFilter(
            number=self.number,
            search=self.search,
            status=self.status,
            customer_id=named and customer_id_meant(db, book, named),
            subscription_id=self.subscription_id,
            start=self.created_after or self.start,
            end=self.created_before or self.end,
            due_before=self.due_before,
        )


class ListInvoices(PageRequest, FilterInvoices):
    limit: UpTo200 = 50


class ExportInvoices(ExportFile, FilterInvoices):
    pass


def _body(work: UnitOfWork, invoice: InvoiceAggregate) -> dict[str, Any]:
    return invoice_of(invoice, work.org_id)


@command_router.patch(
    "/v1/invoices/{invoice_id}",
    response_model=Invoice,
    dependencies=[WRITE],
    openapi_extra=example(metadata={"order": "1001"}),
)
async def update_invoice(request: ApiRequest, invoice_id: str, command: UpdateInvoice) -> Response:
    """Notes, or another day on which it is due; its status can only be set to canceled."""
    return await request.decide(commands.update_invoice, invoice_id, command, show=_body)


@command_router.post(
    "/v1/invoices/{invoice_id}/cancel",
    response_model=Invoice,
    dependencies=[WRITE],
    openapi_extra=example(reason="sent by mistake"),
)
async def cancel_invoice(request: ApiRequest, invoice_id: str, command: CancelInvoice) -> Response:
    """The money is not wanted any more: its payment is canceled with it."""
    return await request.decide(commands.cancel_invoice, invoice_id, command, show=_body)


@command_router.post(
    "/v1/invoices/{invoice_id}/retry",
    status_code=202,
    response_model=Invoice,
    dependencies=[WRITE],
    openapi_extra=example(),
)
async def retry_invoice(
    request: ApiRequest,
    invoice_id: str,
    command: RetryInvoice,  # noqa: ARG001 (its body says nothing)
) -> Response:
    """Tries the payment of a failed one again, also when the policy has no more tries."""
    return await request.decide(commands.retry_invoice, invoice_id, show=_body, status=202)


@query_router.get("/v1/invoices", response_model=list[ListedInvoice], dependencies=[READ])
async def list_invoices(request: ApiRequest, query: Annotated[ListInvoices, Query()]) -> Response:
    """Newest first."""
    conditions = query.filter(request)

    def read(db: Connection, book: str) -> Page[tuple[InvoiceRecord, str | None]]:
        page = invoice_list(db, book, conditions(db, book), **query.place)
        return page.showing([*with_customer_names(db, book, page.rows)])

    page = await request.ask(read)
    return array_answer(request, page, lambda row: _listed(request, *row))


@query_router.get(
    "/v1/exports/invoices",
    response_model=InvoicesExport,
    responses=DESCRIBED,
    dependencies=[READ],
)
async def export_invoices(
    request: ApiRequest, query: Annotated[ExportInvoices, Query()]
) -> Response:
    """Every invoice that fits, newest first, as JSON or CSV."""
    conditions = query.filter(request)

    def rows(db: Connection, book: str) -> Iterator[dict[str, Any]]:
        found = invoice_export(db, book, conditions(db, book))
        named = with_customer_names(db, book, found)
        return (_listed(request, *each) for each in named)

    return query.of(request, "invoices", ListedInvoice, rows)


@query_router.get("/v1/invoices/{invoice_id}", response_model=Invoice, dependencies=[READ])
async def show_invoice(request: ApiRequest, invoice_id: str) -> Response:
    """All of one invoice."""
    found = await request.ask_about(of_itself(invoice_id), invoice, invoice_id)
    if found is None:
        raise InvoiceNotFound(invoice_id)
    return answer(told(request, invoice_of(found, request.org_id)))


def _listed(
    request: ApiRequest, invoice: InvoiceRecord, customer_name: str | None
) -> dict[str, Any]:
    whole = invoice_of(invoice, request.org_id)
    return told(request, whole | {"customer_name": customer_name})
