"""A payment link: what it offers, what it brought, and who paid through it."""

import asyncio
from typing import Final

from starlette.responses import Response

from console.links.qr import qr_code
from console.pages import Page
from console.payments.naming import METHODS
from console.routing import console_router

router = console_router()

_FEW: Final = 20


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


async def _payments(page: Page, link_id: str) -> object:
    return await page.api.get("/v1/payment-links/{}/payments", link_id, limit=_FEW)
