"""The organization: what it is called, where it is, what its pages look like, who may call."""

from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.pages import Page
from console.problems import NONE, Problems, problems_of
from console.routing import console_router
from delivery.looks.accents import OURS, legible_on

router = console_router()

_PLACE: Final = "/console/settings/organization"
_FIELDS: Final = ("name", "country", "time_zone", "contact_email", "color", "invoice_prefix")


@router.get(_PLACE)
async def show_organization(page: Page) -> Response:
    return await _shown(page)


@router.post(_PLACE)
async def update(page: Page) -> Response:
    """What is left empty is cleared; the name cannot be."""
    said: dict[str, Any] = {name: page.form.get(name, "").strip() or None for name in _FIELDS}
    try:
        await page.api.patch("/v1/organization", **said)
    except ApiError as error:
        return await _shown(page, problems_of(error))
    return page.see(page.url(_PLACE), said="Saved.")


async def _shown(page: Page, problems: Problems = NONE) -> Response:
    found = await page.api.get("/v1/organization")
    color = found["color"] or OURS
    typed = {name: page.form.get(name, "") for name in _FIELDS}
    return page.render(
        "settings/organization.html",
        organization=found.body,
        said=typed if page.form else found.body,
        call=found.call,
        color=color,
        on_color=legible_on(color),
        problems=problems,
        status=problems.status,
    )
