"""The list of invoices: filters, true totals, and all of it as a file."""

from typing import Any, Final

from starlette.responses import Response

from console.listings import chips, hidden, standing, unfiltered
from console.pages import Page
from console.routing import console_router
from console.states import overdue_before

router = console_router()

_LABELS: Final = {
    "search": "Search",
    "number": "Number",
    "status": "State",
    "customer_id": "Customer",
    "subscription_id": "Subscription",
    "from": "Created from",
    "to": "Created before",
    "due_before": "Due before",
}


@router.get("/console/invoices")
async def list_invoices(page: Page) -> Response:
    place = page.chosen("cursor", "offset")
    found = await page.api.get("/v1/invoices", **_asked(page), **place)
    return page.render(
        "invoices/list.html",
        call=found.call,
        chips=[*chips(page, _LABELS, ("status",))],
        clear=unfiltered(page, _LABELS),
        hidden=hidden(page),
        failed_too=await _failed_too(page),
        **standing(page, found),
    )


@router.get("/console/invoices.csv")
async def export_invoices(page: Page) -> Response:
    return page.api.passed_on("/v1/exports/invoices", **_asked(page), format="csv")


async def _failed_too(page: Page) -> dict[str, Any]:
    """How many invoices are not paid either, beside those that are overdue: they failed."""
    if page.query.get("status") != "overdue":
        return {"total": 0}
    asked = _asked(page) | {"status": "failed"}
    failed = await page.api.get("/v1/invoices", **asked, limit=1)
    these = page.here(status="failed", due_before=asked["due_before"])
    return standing(page, failed) | {"href": these}


def _asked(page: Page) -> dict[str, Any]:
    """Overdue is no state of the API: it is due, and its day is over."""
    asked: dict[str, Any] = page.chosen(*_LABELS)
    if asked.get("status") == "overdue":
        asked |= {"status": "due", "due_before": overdue_before(page.at).isoformat()}
    return asked
