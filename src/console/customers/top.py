"""Top customers: who paid most, in one currency and one span of time."""

from typing import Final

from starlette.responses import Response

from console.pages import Page
from console.routing import console_router
from console.steps import steps

router = console_router()

_ASKED: Final = ("metric", "period", "currency", "country", "from", "to")
_PLACE: Final = ("cursor", "offset")
_LIMIT: Final = 25


@router.get("/console/customers/top")
async def show_top(page: Page) -> Response:
    asked = page.chosen(*_ASKED)
    found = await page.api.get("/v1/customers/top", limit=_LIMIT, **asked, **page.chosen(*_PLACE))
    return page.render(
        "customers/top.html",
        found=found,
        asked=asked,
        **steps(page, found["pagination"], len(found["customers"])),
    )
