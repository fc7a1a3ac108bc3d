"""The list of customers."""

from typing import Final

from starlette.responses import Response

from console.pages import Page
from console.routing import console_router

router = console_router()

_FILTERS: Final = ("search", "tags", "sort_by", "sort_desc", "activity_status", "currency")


@router.get("/console/customers")
async def list_customers(page: Page) -> Response:
    found = await page.api.get("/v1/customers", **page.chosen(*_FILTERS, "cursor"))
    return page.render("customers/list.html", found=found)


@router.get("/console/customers.csv")
async def export_customers(page: Page) -> Response:
    return page.api.passed_on("/v1/exports/customers", **page.chosen(*_FILTERS), format="csv")
