"""The list of payment links, with what each has brought."""

from typing import Final

from starlette.responses import Response

from console.listings import chips, unfiltered
from console.pages import Page
from console.routing import console_router
from console.steps import steps

router = console_router()

_LABELS: Final = {"search": "Search", "status": "State"}


@router.get("/console/links")
async def list_links(page: Page) -> Response:
    asked = page.chosen(*_LABELS, "sort_by", "cursor", "offset")
    found = await page.api.get("/v1/payment-links", **asked)
    links = found["payment_links"]
    return page.render(
        "links/list.html",
        rows=links,
        call=found.call,
        pagination=found["pagination"],
        chips=[*chips(page, _LABELS, ("status",))],
        clear=unfiltered(page, _LABELS),
        **steps(page, found["pagination"], len(links)),
    )


@router.get("/console/links.csv")
async def export_links(page: Page) -> Response:
    asked = page.chosen(*_LABELS, "sort_by")
    return page.api.passed_on("/v1/exports/payment-links", **asked, format="csv")
