"""The QR code of a payment link as a file, and a card that is printed and put on a counter."""

from starlette.responses import Response

from console.links.qr import qr_code, qr_file
from console.pages import Page
from console.routing import console_router

router = console_router()


@router.get("/console/links/{link_id}/qr.svg")
async def show_code(page: Page, link_id: str) -> Response:
    link = await page.api.get("/v1/payment-links/{}", link_id)
    return Response(
        qr_file(link["url"]),
        media_type="image/svg+xml",
        headers={
            "Content-Disposition": f'attachment; filename="{link["code"]}.svg"',
            "Content-Security-Policy": "default-src 'none'",
        },
    )


@router.get("/console/links/{link_id}/card")
async def show_card(page: Page, link_id: str) -> Response:
    link = await page.api.get("/v1/payment-links/{}", link_id)
    return page.render("links/card.html", link=link.body, code=qr_code(link["url"]))
