"""Queries of customers: lists, rankings, figures, profiles, payments, sources."""

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.customers.filters import (
    BreakDownSources,
    ListCustomers,
    ListPaymentsOfCustomer,
    ListTopCustomers,
    LookUpCustomer,
    ShowCustomerStats,
)
from api.customers.selector import ByExternalId, CustomerRoutes, CustomerSelector
from api.http.pagination import list_answer
from api.http.request import ApiRequest
from api.http.responses import answer
from api.http.routing import needs, new_router
from api.payments.filters import InBuckets
from api.resources.customers import (
    Customer,
    Customers,
    CustomerStats,
    profile_of,
    stats_of,
)
from api.resources.new_and_returning import NewAndReturning
from api.resources.payments import Payments, listed_payment_of
from api.resources.sources import CustomerSources, breakdown_of
from api.resources.top_customers import TopCustomers, ranked_of
from projections.customer_list import customer_list
from projections.customer_profiles import profile
from projections.customer_stats import customer_stats
from projections.engine.querying.pages import Page
from projections.new_and_returning import new_and_returning
from projections.payment_list import ListedPayment, PaymentFilter, payment_list
from projections.source_breakdown import source_breakdown
from projections.top_customers import top_customers

router = new_router("customers")
customer_routes = CustomerRoutes()
READ = needs("customers:read")


@router.get("/v1/customers", response_model=Customers, dependencies=[READ])
async def list_customers(request: ApiRequest, query: Annotated[ListCustomers, Query()]) -> Response:
    """Newest first, unless asked otherwise; deleted customers are left out."""
    listed = await request.ask(
        customer_list,
        query.filter,
        now=request.now,
        sort_by=query.sort_by,
        descending=query.sort_desc,
        **query.place,
    )
    book = request.book
    return list_answer(request, "customers", listed.page, query, lambda row: profile_of(row, book))


@router.get(
    "/v1/customers/lookup", response_model=Customer, responses={404: {}}, dependencies=[READ]
)
async def look_up_customer(
    request: ApiRequest, query: Annotated[LookUpCustomer, Query()]
) -> Response:
    """The customer the business itself calls so."""
    return await show_customer(request, ByExternalId(query.external_id))


@router.get("/v1/customers/top", response_model=TopCustomers, dependencies=[READ])
async def list_top_customers(
    request: ApiRequest, query: Annotated[ListTopCustomers, Query()]
) -> Response:
    """The best customers; those without a successful payment are left out."""
    top = await request.ask(
        top_customers,
        **query.ranking(request.now),
        **query.place,
    )
    book = request.book
    return list_answer(
        request,
        "customers",
        top.page,
        query,
        lambda row: ranked_of(row, book),
        currency=top.currency,
    )


@router.get("/v1/customers/stats", response_model=CustomerStats, dependencies=[READ])
async def show_customer_stats(
    request: ApiRequest, query: Annotated[ShowCustomerStats, Query()]
) -> Response:
    """How many customers there are, and what they have paid, by tag and by currency."""
    stats = await request.ask(customer_stats, now=request.now, currency=query.currency)
    return answer(stats_of(stats))


@router.get("/v1/customers/stats/series", response_model=NewAndReturning, dependencies=[READ])
async def show_customer_series(
    request: ApiRequest, query: Annotated[InBuckets, Query()]
) -> Response:
    """How much came from new customers, and from those who had paid before."""
    now = request.now
    start, end = query.range(now)
    series = await request.ask(
        new_and_returning,
        start=start,
        end=end or now,
        granularity=query.granularity,
        zone=request.time_zone,
        currency=query.currency,
    )
    return answer(NewAndReturning.of(series))


@customer_routes.register(
    "GET",
    response_model=Customer,
    dependencies=[READ],
    external_doc="The customer the business itself calls so.",
)
async def show_customer(request: ApiRequest, customer: CustomerSelector) -> Response:
    """Who it is, and all its figures."""
    found = await request.ask_about(customer.about, customer.profile)
    if found is None:
        raise customer.missing
    return answer(profile_of(found, request.book))


@customer_routes.register(
    "GET",
    "/payments",
    response_model=Payments,
    dependencies=[READ],
    external_doc="The payments of the customer, newest first.",
)
async def list_customer_payments(
    request: ApiRequest,
    customer: CustomerSelector,
    query: Annotated[ListPaymentsOfCustomer, Query()],
) -> Response:
    """The payments of the customer, newest first, each with where it came from."""

    def read(db: Connection, book: str) -> Page[ListedPayment]:
        theirs = PaymentFilter(customer_id=customer.find(db, book), **query.range)
        return payment_list(db, book, theirs, **query.place)

    page, org_id = await request.ask_about(customer.about, read), request.org_id
    return list_answer(request, "payments", page, query, lambda row: listed_payment_of(row, org_id))


@customer_routes.register(
    "GET",
    "/sources",
    response_model=CustomerSources,
    dependencies=[READ],
    external_doc="Where the payments of the customer came from.",
)
async def show_customer_sources(
    request: ApiRequest, customer: CustomerSelector, query: Annotated[BreakDownSources, Query()]
) -> Response:
    """Where the payments of the customer came from: subscriptions, links, or the API."""

    def read(db: Connection, book: str) -> dict[str, Any]:
        customer_id = customer.find(db, book)
        breakdown = source_breakdown(
            db,
            book,
            customer_id=customer_id,
            currency=query.currency,
            start=query.start,
            end=query.end,
        )
        found = profile(db, book, customer_id)
        return breakdown_of(breakdown, found.acquisition if found else None)

    return answer(await request.ask_about(customer.about, read))
