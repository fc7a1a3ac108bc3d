"""The start of the settings: the first of their pages that everybody has."""

from starlette.responses import Response

from console.pages import Page
from console.routing import console_router

router = console_router()


@router.get("/console/settings")
async def show_settings(page: Page) -> Response:
    first = "organization" if page.may("organization:read") else "account"
    return page.see(page.url(f"/console/settings/{first}"))
