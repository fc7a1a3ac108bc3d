"""What a customer subscribes to, and what it was billed for."""

from typing import Annotated

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies.invoices import Invoices
from api.bodies.subscriptions import Subscriptions
from api.call import Call
from api.customer_filters import ListHistory
from api.pages import enveloped
from api.renderings import invoices as invoice_rendering
from api.renderings import subscriptions as subscription_rendering
from api.routing import needs, new_router
from commands.customers import NothingKnownBy
from domain.customer import CustomerNotFound
from projections.customers import customer_id_of, customer_record
from projections.invoices import InvoiceFilter, InvoiceRecord, invoice_list
from projections.paging import Page
from projections.subscriptions import SubscriptionFilter, SubscriptionRecord, subscription_list

router = new_router("customers")
READ = needs("customers:read")


@router.get(
    "/v1/customers/external/{external_id}/subscriptions",
    response_model=Subscriptions,
    dependencies=[READ],
)
async def list_subscriptions_by_external_id(
    call: Call, external_id: str, query: Annotated[ListHistory, Query()]
) -> Response:
    """The subscriptions of the customer, newest first."""

    def read(db: Connection) -> Page[SubscriptionRecord]:
        return _subscriptions(db, call.book_name, _known_as(db, call, external_id), query)

    return _told_subscriptions(call, query, await call.ask(read))


@router.get(
    "/v1/customers/external/{external_id}/invoices", response_model=Invoices, dependencies=[READ]
)
async def list_invoices_by_external_id(
    call: Call, external_id: str, query: Annotated[ListHistory, Query()]
) -> Response:
    """The invoices of the customer, newest first."""

    def read(db: Connection) -> Page[InvoiceRecord]:
        return _invoices(db, call.book_name, _known_as(db, call, external_id), query)

    return _told_invoices(call, query, await call.ask(read))


@router.get(
    "/v1/customers/{customer_id}/subscriptions", response_model=Subscriptions, dependencies=[READ]
)
async def list_customer_subscriptions(
    call: Call, customer_id: str, query: Annotated[ListHistory, Query()]
) -> Response:
    """The subscriptions of the customer, newest first."""

    def read(db: Connection) -> Page[SubscriptionRecord]:
        return _subscriptions(db, call.book_name, _there(db, call, customer_id), query)

    return _told_subscriptions(call, query, await call.ask(read))


@router.get("/v1/customers/{customer_id}/invoices", response_model=Invoices, dependencies=[READ])
async def list_customer_invoices(
    call: Call, customer_id: str, query: Annotated[ListHistory, Query()]
) -> Response:
    """The invoices of the customer, newest first."""

    def read(db: Connection) -> Page[InvoiceRecord]:
        return _invoices(db, call.book_name, _there(db, call, customer_id), query)

    return _told_invoices(call, query, await call.ask(read))


def _there(db: Connection, call: Call, customer_id: str) -> str:
    if customer_record(db, call.book_name, customer_id) is None:
        raise CustomerNotFound(customer_id)
    return customer_id


def _known_as(db: Connection, call: Call, external_id: str) -> str:
    customer_id = customer_id_of(db, call.book_name, external_id)
    if customer_id is None:
        raise NothingKnownBy(external_id)
    return customer_id


def _subscriptions(
    db: Connection, book: str, customer_id: str, asked: ListHistory
) -> Page[SubscriptionRecord]:
    return subscription_list(db, book, SubscriptionFilter(customer_id=customer_id), **asked.place)


def _invoices(
    db: Connection, book: str, customer_id: str, asked: ListHistory
) -> Page[InvoiceRecord]:
    return invoice_list(db, book, InvoiceFilter(customer_id=customer_id), **asked.place)


def _told_subscriptions(call: Call, asked: ListHistory, page: Page[SubscriptionRecord]) -> Response:
    return enveloped(
        "subscriptions",
        page,
        asked,
        lambda row: subscription_rendering.of_record(row, org_id=call.org_id),
    )


def _told_invoices(call: Call, asked: ListHistory, page: Page[InvoiceRecord]) -> Response:
    return enveloped(
        "invoices", page, asked, lambda row: invoice_rendering.of_record(row, org_id=call.org_id)
    )
