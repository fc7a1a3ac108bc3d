"""What a customer subscribes to, and what it was billed for."""

from typing import Annotated

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies.invoices import Invoices
from api.bodies.subscriptions import Subscriptions
from api.customers.filters import ListHistory
from api.customers.selector import Named, by_external_id, by_id
from api.http.pagination import enveloped
from api.http.request import ApiRequest
from api.http.routing import needs, new_router
from api.renderings import invoices as invoice_rendering
from api.renderings import subscriptions as subscription_rendering
from projections.engine.querying.pages import Page
from projections.invoices import InvoiceFilter, InvoiceRecord, invoice_list
from projections.subscriptions import SubscriptionFilter, SubscriptionRecord, subscription_list

router = new_router("customers")
READ = needs("customers:read")


@router.get(
    "/v1/customers/external/{external_id}/subscriptions",
    response_model=Subscriptions,
    dependencies=[READ],
)
async def list_subscriptions_by_external_id(
    request: ApiRequest, external_id: str, query: Annotated[ListHistory, Query()]
) -> Response:
    """The subscriptions of the customer, newest first."""
    return await _subscriptions(request, by_external_id(external_id), query)


@router.get(
    "/v1/customers/external/{external_id}/invoices", response_model=Invoices, dependencies=[READ]
)
async def list_invoices_by_external_id(
    request: ApiRequest, external_id: str, query: Annotated[ListHistory, Query()]
) -> Response:
    """The invoices of the customer, newest first."""
    return await _invoices(request, by_external_id(external_id), query)


@router.get(
    "/v1/customers/{customer_id}/subscriptions", response_model=Subscriptions, dependencies=[READ]
)
async def list_customer_subscriptions(
    request: ApiRequest, customer_id: str, query: Annotated[ListHistory, Query()]
) -> Response:
    """The subscriptions of the customer, newest first."""
    return await _subscriptions(request, by_id(customer_id), query)


@router.get("/v1/customers/{customer_id}/invoices", response_model=Invoices, dependencies=[READ])
async def list_customer_invoices(
    request: ApiRequest, customer_id: str, query: Annotated[ListHistory, Query()]
) -> Response:
    """The invoices of the customer, newest first."""
    return await _invoices(request, by_id(customer_id), query)


async def _subscriptions(request: ApiRequest, named: Named, asked: ListHistory) -> Response:
    def read(db: Connection) -> Page[SubscriptionRecord]:
        theirs = SubscriptionFilter(customer_id=named(db, request.book_name))
        return subscription_list(db, request.book_name, theirs, **asked.place)

    return enveloped(
        "subscriptions",
        await request.ask(read),
        asked,
        lambda row: subscription_rendering.of_record(row, org_id=request.org_id),
    )


async def _invoices(request: ApiRequest, named: Named, asked: ListHistory) -> Response:
    def read(db: Connection) -> Page[InvoiceRecord]:
        theirs = InvoiceFilter(customer_id=named(db, request.book_name))
        return invoice_list(db, request.book_name, theirs, **asked.place)

    return enveloped(
        "invoices",
        await request.ask(read),
        asked,
        lambda row: invoice_rendering.of_record(row, org_id=request.org_id),
    )
