"""Subscriptions and invoices of one customer."""

from typing import Annotated

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.customers.filters import ListOfCustomer
from api.customers.selector import CustomerRoutes, CustomerSelector
from api.http.pagination import list_answer
from api.http.request import ApiRequest
from api.http.routing import needs
from api.resources.invoices import Invoices, invoice_of
from api.resources.subscriptions import Subscriptions, subscription_of
from projections.engine.querying.pages import Page
from projections.invoices import InvoiceFilter, InvoiceRecord, invoice_list
from projections.subscriptions import SubscriptionFilter, SubscriptionRecord, subscription_list

customer_routes = CustomerRoutes()
READ = needs("customers:read")


@customer_routes.register(
    "GET", "/subscriptions", response_model=Subscriptions, dependencies=[READ]
)
async def list_customer_subscriptions(
    request: ApiRequest, customer: CustomerSelector, query: Annotated[ListOfCustomer, Query()]
) -> Response:
    """The subscriptions of the customer, newest first."""

    def read(db: Connection, book: str) -> Page[SubscriptionRecord]:
        theirs = SubscriptionFilter(customer_id=customer.find(db, book))
        return subscription_list(db, book, theirs, **query.place)

    page, org_id = await request.ask_about(customer.about, read), request.org_id
    return list_answer(
        request, "subscriptions", page, query, lambda row: subscription_of(row, org_id)
    )


@customer_routes.register("GET", "/invoices", response_model=Invoices, dependencies=[READ])
async def list_customer_invoices(
    request: ApiRequest, customer: CustomerSelector, query: Annotated[ListOfCustomer, Query()]
) -> Response:
    """The invoices of the customer, newest first."""

    def read(db: Connection, book: str) -> Page[InvoiceRecord]:
        theirs = InvoiceFilter(customer_id=customer.find(db, book))
        return invoice_list(db, book, theirs, **query.place)

    page, org_id = await request.ask_about(customer.about, read), request.org_id
    return list_answer(request, "invoices", page, query, lambda row: invoice_of(row, org_id))
