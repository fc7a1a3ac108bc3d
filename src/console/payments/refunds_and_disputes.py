"""The lists of refunds and of disputes: what went back, and what somebody wants back."""

from typing import Final

from starlette.responses import Response

from console.listings import chips, hidden, standing, unfiltered
from console.pages import Page
from console.routing import console_router

router = console_router()

_REFUNDS: Final = {
    "payment_id": "Payment",
    "customer_id": "Customer",
    "currency": "Currency",
    "from": "From",
    "to": "Before",
}
_DISPUTES: Final = {"status": "State", **_REFUNDS}


@router.get("/console/payments/refunds")
async def list_refunds(page: Page) -> Response:
    return await _listed(page, "refunds", _REFUNDS)


@router.get("/console/payments/refunds.csv")
async def export_refunds(page: Page) -> Response:
    return page.api.passed_on("/v1/exports/refunds", **page.chosen(*_REFUNDS), format="csv")


@router.get("/console/payments/disputes")
async def list_disputes(page: Page) -> Response:
    return await _listed(page, "disputes", _DISPUTES)


@router.get("/console/payments/disputes.csv")
async def export_disputes(page: Page) -> Response:
    return page.api.passed_on("/v1/exports/disputes", **page.chosen(*_DISPUTES), format="csv")


async def _listed(page: Page, subject: str, labels: dict[str, str]) -> Response:
    place = page.chosen("cursor", "offset")
    found = await page.api.get(f"/v1/payments/{subject}", **page.chosen(*labels), **place)
    return page.render(
        "payments/given_back.html",
        subject=subject,
        disputed=subject == "disputes",
        call=found.call,
        chips=[*chips(page, labels, ("status",))],
        clear=unfiltered(page, labels),
        hidden=hidden(page),
        **standing(page, found),
    )
