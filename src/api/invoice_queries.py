"""What may be asked about invoices."""

from typing import Annotated

from fastapi import Query
from pydantic import BeforeValidator, Field
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies.invoices import Invoice
from api.http.pagination import Paged, UpTo200, bare
from api.http.query_fields import Instant, Text, american
from api.http.request import ApiRequest, answer
from api.http.routing import needs, new_router
from api.renderings import invoices as rendering
from domain.invoice import InvoiceNotFound, InvoiceStatus
from projections.customers import customer_id_of
from projections.engine.querying.pages import Page
from projections.invoices import InvoiceFilter, InvoiceRecord, invoice, invoice_list

router = new_router("invoices")
READ = needs("invoices:read")

StatusName = Annotated[InvoiceStatus, BeforeValidator(american)]


class ListInvoices(Paged):
    """``customer_id`` may be the merchant's own; ``from`` is another word for created_after."""

    limit: UpTo200 = 50
    status: StatusName | None = None
    customer_id: Text | None = None
    subscription_id: Text | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    start: Instant | None = Field(None, alias="from")
    end: Instant | None = Field(None, alias="to")


@router.get("/v1/invoices", response_model=list[Invoice], dependencies=[READ])
async def list_invoices(request: ApiRequest, query: Annotated[ListInvoices, Query()]) -> Response:
    """Newest first."""

    def read(db: Connection) -> Page[InvoiceRecord]:
        named = query.customer_id
        wanted = InvoiceFilter(
            status=query.status,
            customer_id=named and (customer_id_of(db, request.book_name, named) or named),
            subscription_id=query.subscription_id,
            start=query.created_after or query.start,
            end=query.created_before or query.end,
        )
        return invoice_list(db, request.book_name, wanted, **query.place)

    page = await request.ask(read)
    return bare(request, page, lambda row: rendering.of_record(row, org_id=request.org_id))


@router.get("/v1/invoices/{invoice_id}", response_model=Invoice, dependencies=[READ])
async def show_invoice(request: ApiRequest, invoice_id: str) -> Response:
    """All of one invoice."""
    found = await request.ask(lambda db: invoice(db, request.book_name, invoice_id))
    if found is None:
        raise InvoiceNotFound(invoice_id)
    return answer(rendering.of_record(found, org_id=request.org_id))
