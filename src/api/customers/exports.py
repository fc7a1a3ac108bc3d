"""The export of customers as a file."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.customers.filters import FilterCustomers
from api.customers.queries import READ
from api.http.request import ApiRequest
from api.http.routing import new_router
from api.resources.customers import Customer, CustomersExport, profile_of
from api.resources.export_files import DESCRIBED, ExportFile
from projections.customer_list import customer_export

router = new_router("customers")


class ExportCustomers(ExportFile, FilterCustomers):
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
