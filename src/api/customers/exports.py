"""Exports of customers, and of their ranking, as files."""

from collections.abc import Iterator
from itertools import starmap
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.customers.filters import FilterCustomers, FilterTopCustomers
from api.customers.queries import READ
from api.http.request import ApiRequest
from api.http.routing import new_router
from api.resources.customers import Customer, CustomersExport, profile_of
from api.resources.export_files import DESCRIBED, ExportFile
from api.resources.top_customers import RankedCustomer, TopCustomersExport, ranking_line_of
from projections.customer_list import customer_export
from projections.top_customers import ranking_export

router = new_router("customers")


class ExportCustomers(ExportFile, FilterCustomers):
    pass


class ExportTopCustomers(ExportFile, FilterTopCustomers):
    pass


@router.get(
    "/v1/exports/customers",
    response_model=CustomersExport,
    responses=DESCRIBED,
    dependencies=[READ],
)
async def export_customers(
    request: ApiRequest, query: Annotated[ExportCustomers, Query()]
) -> Response:
    """Every customer that fits, with all figures, as JSON or CSV."""
    book_of, now = request.book, request.now

    def rows(db: Connection, book: str) -> Iterator[dict[str, Any]]:
        found = customer_export(
            db,
            book,
            query.filter,
            now=now,
            sort_by=query.sort_by,
            descending=query.sort_desc,
        )
        return (profile_of(each, book_of) for each in found)

    return query.of(request, "customers", Customer, rows)


@router.get(
    "/v1/exports/top-customers",
    response_model=TopCustomersExport,
    responses=DESCRIBED,
    dependencies=[READ],
)
async def export_top_customers(
    request: ApiRequest, query: Annotated[ExportTopCustomers, Query()]
) -> Response:
    """Everybody in the ranking, the best first, as JSON or CSV."""
    ranking = query.ranking(request.now)

    def rows(db: Connection, book: str) -> Iterator[dict[str, Any]]:
        return starmap(ranking_line_of, enumerate(ranking_export(db, book, **ranking), start=1))

    return query.of(request, "top_customers", RankedCustomer, rows)
