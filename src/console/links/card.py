"""The QR code of a payment link as a file, and a card that is printed and put on a counter."""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response

from console.links.qr import qr_code, qr_file, qr_picture
from console.pages import Page
from console.routing import console_router

router = console_router()

_OF_THIS_MACHINE: Final = ("localhost", ".localhost")
_OF_A_NETWORK: Final = (".local", ".internal", ".lan", ".home.arpa", ".test", ".invalid")


@router.get("/console/links/{link_id}/qr.svg")
async def show_code(page: Page, link_id: str) -> Response:
    link = await page.api.get("/v1/payment-links/{}", link_id)
    return _file(qr_file(link["url"]), "image/svg+xml", f"{link['code']}.svg")


@router.get("/console/links/{link_id}/qr.png")
async def show_picture(page: Page, link_id: str) -> Response:
    link = await page.api.get("/v1/payment-links/{}", link_id)
    return _file(qr_picture(link["url"]), "image/png", f"{link['code']}.png")


@router.get("/console/links/{link_id}/card")
async def show_card(page: Page, link_id: str) -> Response:
    link = await page.api.get("/v1/payment-links/{}", link_id)
    host = urlsplit(link["url"]).hostname or ""
    stated = bool(page.request.dependencies.public_url)
    return page.render(
        "links/card.html",
        link=link.body,
        code=qr_code(link["url"]),
        host="" if is_reached_by_phones(host, stated=stated) else host,
    )


def _file(content: bytes, media_type: str, name: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'",
    }
    return Response(content, media_type=media_type, headers=headers)


def is_reached_by_phones(host: str, *, stated: bool) -> bool:
    """A name or address in a private network is as far as it was ``stated`` to be the public one.

    What leads to the machine itself never is.
    """
    try:
        place = ip_address(host)
    except ValueError:
        is_private = "." not in host or host.endswith(_OF_A_NETWORK)
        return not host.endswith(_OF_THIS_MACHINE) and (stated or not is_private)
    is_here = place.is_loopback or place.is_unspecified
    return not is_here and (stated or place.is_global)
