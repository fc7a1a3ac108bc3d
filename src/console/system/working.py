"""Working on the store: a rebuild or a verification is asked for, or ended."""

from typing import Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.pages import Page
from console.routing import console_router
from console.system.page import PLACE

router = console_router()

_UNDER_WAY: Final = "run_under_way"
_OVER: Final = "invalid_state"


@router.post(f"{PLACE}/rebuild")
async def rebuild(page: Page) -> Response:
    return await _asked(
        page, "/v1/system/rebuild", "The views are rebuilt beside those that serve."
    )


@router.post(f"{PLACE}/verify")
async def verify(page: Page) -> Response:
    return await _asked(page, "/v1/system/verify", "The store is verified.")


@router.post(f"{PLACE}/runs/{{run_number}}/cancel")
async def cancel(page: Page, run_number: str) -> Response:
    said = "It is stopped; the views that serve stay as they are."
    try:
        await page.api.post("/v1/system/runs/{}/cancel", run_number)
    except ApiError as refused:
        if refused.code != _OVER:
            raise
        said = "It was over before it could be stopped."
    return page.see(page.url(PLACE), said=said)


async def _asked(page: Page, path: str, said: str) -> Response:
    """What somebody else has begun meanwhile is shown, and is no failure."""
    try:
        await page.api.post(path)
    except ApiError as refused:
        if refused.code != _UNDER_WAY:
            raise
        said = "Something is under way already: it comes first."
    return page.see(page.url(PLACE), said=said)
