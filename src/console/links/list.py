"""The list of payment links, with what each has brought."""

import asyncio
from typing import Any, Final

from starlette.responses import Response

from console.listings import chips, unfiltered
from console.pages import Page
from console.routing import console_router
from console.steps import steps

router = console_router()

_LABELS: Final = {"search": "Search", "status": "State"}
# What each has brought is asked of each.
_EACH: Final = 25


@router.get("/console/links")
async def list_links(page: Page) -> Response:
    asked = page.chosen(*_LABELS, "sort_by", "cursor", "offset")
    found = await page.api.get("/v1/payment-links", **asked, limit=_EACH)
    links = found["payment_links"]
    brought = await asyncio.gather(*(_brought(page, link["id"]) for link in links))
    return page.render(
        "links/list.html",
        rows=[*zip(links, brought, strict=True)],
        call=found.call,
        pagination=found["pagination"],
        chips=[*chips(page, _LABELS, ("status",))],
        clear=unfiltered(page, _LABELS),
        **steps(page, found["pagination"], len(links)),
    )


async def _brought(page: Page, link_id: str) -> Any:
    return (await page.api.get("/v1/payment-links/{}/stats", link_id)).body
