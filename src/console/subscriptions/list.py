"""The list of subscriptions: filters, true totals, and all of it as a file."""

from typing import Any, Final

from starlette.responses import Response

from console.listings import chips, hidden, standing, unfiltered
from console.pages import Page
from console.routing import console_router

router = console_router()

_LABELS: Final = {
    "status": "State",
    "customer_id": "Customer",
    "plan_id": "Plan",
    "from": "Created from",
    "to": "Created before",
}
# As the API calls what is carried from page to page.
_RANGE: Final = {"from": "created_after", "to": "created_before"}


@router.get("/console/subscriptions")
async def list_subscriptions(page: Page) -> Response:
    found = await page.api.get(
        "/v1/subscriptions", **_asked(page), **page.chosen("cursor", "offset")
    )
    return page.render(
        "subscriptions/list.html",
        call=found.call,
        chips=[*chips(page, _LABELS, ("status",))],
        clear=unfiltered(page, _LABELS),
        hidden=hidden(page),
        **standing(page, found),
    )


@router.get("/console/subscriptions.csv")
async def export_subscriptions(page: Page) -> Response:
    return page.api.passed_on("/v1/exports/subscriptions", **_asked(page), format="csv")


def _asked(page: Page) -> dict[str, Any]:
    return {_RANGE.get(name, name): said for name, said in page.chosen(*_LABELS).items()}
