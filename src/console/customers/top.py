"""Top customers: who paid most, in one currency and one span of time."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from console.pages import Page
from console.routing import console_router
from console.steps import steps
from domain.time_zone import midnight, zone_of

router = console_router()

_ASKED: Final = ("metric", "period", "currency", "country", "from", "to")
_PLACE: Final = ("cursor", "offset")
_LIMIT: Final = 25
_YEAR: Final = "year"


@router.get("/console/customers/top")
async def show_top(page: Page) -> Response:
    asked = page.chosen(*_ASKED)
    ranged = _ranged(page, asked)
    found = await page.api.get("/v1/customers/top", limit=_LIMIT, **ranged, **page.chosen(*_PLACE))
    return page.render(
        "customers/top.html",
        found=found,
        asked=asked,
        ranged=ranged,
        **steps(page, found["pagination"], len(found["customers"])),
    )


@router.get("/console/customers/top.csv")
async def export_top(page: Page) -> Response:
    ranged = _ranged(page, page.chosen(*_ASKED))
    return page.api.passed_on("/v1/exports/top-customers", **ranged, format="csv")


def _ranged(page: Page, asked: Mapping[str, Any]) -> dict[str, Any]:
    """This year begins with its first day where the page is; other periods are those of the API."""
    if asked.get("period") != _YEAR:
        return dict(asked)
    zone = zone_of(page.moment.tz)
    first = page.at.astimezone(zone).date().replace(month=1, day=1)
    return {**asked, "period": None, "from": midnight(first, zone).isoformat()}
