"""Time zones to choose from: asked for by whoever looks for one, for they are many."""

from starlette.responses import Response

from console.pages import Page
from console.rendering import document, rendered_alone
from console.routing import console_router
from domain.time_zone import places

router = console_router()


@router.get("/console/zones")
async def list_zones(page: Page) -> Response:
    html = rendered_alone("zones.html", zones=places())
    return document(html, 200, small=page.takes_gzip)
