"""A payment link: what it offers, what it brought, and who paid through it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.api_client import Answer
from console.links.qr import qr_code
from console.pages import Page
from console.payments.naming import METHODS
from console.routing import console_router

router = console_router()

_FEW: Final = 20
_NOT_FOUND: Final = 404


@router.get("/console/links/{link_id}")
async def show_link(page: Page, link_id: str) -> Response:
    link, stats, payments = await asyncio.gather(
        page.api.get("/v1/payment-links/{}", link_id),
        page.api.get("/v1/payment-links/{}/stats", link_id),
        _payments(page, link_id),
    )
    return page.render(
        "links/detail.html",
        link=link.body,
        stats=stats.body,
        payments=payments,
        payers=await _payers(page, payments["payments"]),
        call=link.call,
        stats_call=stats.call,
        code=qr_code(link["url"]),
        methods=METHODS,
    )


@router.post("/console/links/{link_id}/switch")
async def switch(page: Page, link_id: str) -> Response:
    active = page.form.get("active") == "true"
    await page.api.patch("/v1/payment-links/{}", link_id, active=active)
    said = "The link takes payments again." if active else "The link takes no more payments."
    return page.see(page.url("/console/links/{}", link_id), said=said)


async def _payments(page: Page, link_id: str) -> Answer:
    return await page.api.get("/v1/payment-links/{}/payments", link_id, limit=_FEW)


async def _payers(page: Page, payments: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """By their ids, the address or number of customers who have no name."""
    if not page.may("customers:read"):
        return {}
    nameless = {
        each["customer_id"]
        for each in payments
        if each["customer_id"] and not each["customer_name"]
    }
    found = await asyncio.gather(*(_called(page, each) for each in nameless))
    return dict(zip(nameless, found, strict=True))


async def _called(page: Page, customer_id: str) -> str:
    try:
        customer = await page.api.get("/v1/customers/{}", customer_id)
    except ApiError as error:
        if error.status != _NOT_FOUND:
            raise
        return ""
    return customer["email"] or customer["phone"] or ""
