"""What may be asked about customers."""

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.bodies.customers import Customer, Customers, CustomerStats, TopCustomers
from api.bodies.payments import Payments
from api.bodies.sources import CustomerSources
from api.customers.filters import (
    BreakDownSources,
    ListCustomers,
    ListHistory,
    ListTopCustomers,
    LookUpCustomer,
    ShowCustomerStats,
)
from api.customers.selector import Named, by_external_id, by_id
from api.http.pagination import enveloped
from api.http.request import ApiRequest, answer
from api.http.routing import needs, new_router
from api.renderings import customers as rendering
from api.renderings import payments as payment_rendering
from api.renderings import sources as source_rendering
from commands.customers import NothingKnownBy
from domain.customer import CustomerNotFound
from projections.customer_list import customer_list
from projections.customer_profiles import profile, profile_by_external_id
from projections.customer_stats import customer_stats
from projections.engine.querying.pages import Page
from projections.payment_list import ListedPayment, payment_history
from projections.source_breakdown import source_breakdown
from projections.top_customers import Ranked, start_of, top_customers

router = new_router("customers")
READ = needs("customers:read")


@router.get("/v1/customers", response_model=Customers, dependencies=[READ])
async def list_customers(request: ApiRequest, query: Annotated[ListCustomers, Query()]) -> Response:
    """Newest first, unless asked otherwise; deleted customers are left out."""
    now = request.now
    listed = await request.ask(
        lambda db: customer_list(
            db,
            request.book_name,
            query.filter,
            now=now,
            sort_by=query.sort_by,
            descending=query.sort_desc,
            **query.place,
        )
    )
    return enveloped(
        "customers", listed.page, query, lambda row: rendering.of_profile(row, request.book)
    )


@router.get(
    "/v1/customers/lookup", response_model=Customer, responses={404: {}}, dependencies=[READ]
)
async def look_up_customer(
    request: ApiRequest, query: Annotated[LookUpCustomer, Query()]
) -> Response:
    """The customer the business itself calls so."""
    return await _by_external_id(request, query.external_id)


@router.get("/v1/customers/top", response_model=TopCustomers, dependencies=[READ])
async def list_top_customers(
    request: ApiRequest, query: Annotated[ListTopCustomers, Query()]
) -> Response:
    """The best customers; those without a successful payment are left out."""
    start = query.start or start_of(query.period, request.now)
    top = await request.ask(
        lambda db: top_customers(
            db,
            request.book_name,
            metric=query.metric,
            currency=query.currency,
            country=query.country,
            start=start,
            end=query.end,
            **query.place,
        )
    )

    def render(ranked: Ranked) -> dict[str, Any]:
        return rendering.of_ranked(ranked, request.book)

    return enveloped("customers", top.page, query, render, currency=top.currency)


@router.get("/v1/customers/stats", response_model=CustomerStats, dependencies=[READ])
async def show_customer_stats(
    request: ApiRequest, query: Annotated[ShowCustomerStats, Query()]
) -> Response:
    """How many customers there are, and what they have paid, by tag and by currency."""
    now = request.now
    stats = await request.ask(
        lambda db: customer_stats(db, request.book_name, now=now, currency=query.currency)
    )
    return answer(rendering.of_stats(stats))


@router.get("/v1/customers/external/{external_id}", response_model=Customer, dependencies=[READ])
async def show_customer_by_external_id(request: ApiRequest, external_id: str) -> Response:
    """The customer the business itself calls so."""
    return await _by_external_id(request, external_id)


@router.get(
    "/v1/customers/external/{external_id}/payments", response_model=Payments, dependencies=[READ]
)
async def list_payments_by_external_id(
    request: ApiRequest, external_id: str, query: Annotated[ListHistory, Query()]
) -> Response:
    """The payments of the customer, newest first."""
    return await _payments(request, by_external_id(external_id), query)


@router.get(
    "/v1/customers/external/{external_id}/sources",
    response_model=CustomerSources,
    dependencies=[READ],
)
async def show_sources_by_external_id(
    request: ApiRequest, external_id: str, query: Annotated[BreakDownSources, Query()]
) -> Response:
    """Where the payments of the customer came from."""
    return await _sources(request, by_external_id(external_id), query)


@router.get("/v1/customers/{customer_id}", response_model=Customer, dependencies=[READ])
async def show_customer(request: ApiRequest, customer_id: str) -> Response:
    """Who it is, and all its figures."""
    found = await request.ask(lambda db: profile(db, request.book_name, customer_id))
    if found is None:
        raise CustomerNotFound(customer_id)
    return answer(rendering.of_profile(found, request.book))


@router.get("/v1/customers/{customer_id}/payments", response_model=Payments, dependencies=[READ])
async def list_customer_payments(
    request: ApiRequest, customer_id: str, query: Annotated[ListHistory, Query()]
) -> Response:
    """The payments of the customer, newest first, each with where it came from."""
    return await _payments(request, by_id(customer_id), query)


@router.get(
    "/v1/customers/{customer_id}/sources", response_model=CustomerSources, dependencies=[READ]
)
async def show_customer_sources(
    request: ApiRequest, customer_id: str, query: Annotated[BreakDownSources, Query()]
) -> Response:
    """Where the payments of the customer came from: subscriptions, links, or the API."""
    return await _sources(request, by_id(customer_id), query)


async def _by_external_id(request: ApiRequest, external_id: str) -> Response:
    found = await request.ask(lambda db: profile_by_external_id(db, request.book_name, external_id))
    if found is None:
        raise NothingKnownBy(external_id)
    return answer(rendering.of_profile(found, request.book))


async def _payments(request: ApiRequest, named: Named, asked: ListHistory) -> Response:
    def read(db: Connection) -> Page[ListedPayment]:
        customer_id = named(db, request.book_name)
        return payment_history(db, request.book_name, customer_id, **asked.place)

    return enveloped(
        "payments",
        await request.ask(read),
        asked,
        lambda row: payment_rendering.of_listed(row, request.org_id),
    )


async def _sources(request: ApiRequest, named: Named, asked: BreakDownSources) -> Response:
    def read(db: Connection) -> dict[str, Any]:
        customer_id = named(db, request.book_name)
        breakdown = source_breakdown(
            db,
            request.book_name,
            customer_id=customer_id,
            currency=asked.currency,
            start=asked.start,
            end=asked.end,
        )
        found = profile(db, request.book_name, customer_id)
        return source_rendering.of_breakdown(breakdown, found.acquisition if found else None)

    return answer(await request.ask(read))
