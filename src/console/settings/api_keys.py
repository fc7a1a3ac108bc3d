"""API keys: those of the mode that is looked at, a new one, and the end of one."""

from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, InvalidInput
from console.listings import standing
from console.pages import Page
from console.problems import NONE, Problems, not_typed, problems_of
from console.routing import console_router
from console.wording import area_of
from domain.api_key import SCOPES

router = console_router()

PLACE: Final = "/console/settings/keys"

_ONE: Final = f"{PLACE}/{{key_id}}"


@router.get(PLACE)
async def list_keys(page: Page) -> Response:
    asked = page.chosen("revoked", "cursor", "offset")
    found = await page.api.get("/v1/api-keys", **{"revoked": "false"} | asked, limit=50)
    return page.render(
        "settings/keys.html",
        call=found.call,
        revoked=page.query.get("revoked") == "true",
        **standing(page, found),
    )


@router.get(f"{PLACE}/new", scope="api_keys:write")
async def show_new(page: Page) -> Response:
    return _form(page)


@router.post(f"{PLACE}/new")
async def issue(page: Page) -> Response:
    """The answer shows the key: nobody is told it again on a page."""
    try:
        made = await page.api.post("/v1/api-keys", **_said(page))
    except ApiError as error:
        return _form(page, problems_of(error))
    return page.render("settings/key_made.html", key=made.body)


@router.get(_ONE)
async def show_key(page: Page, key_id: str) -> Response:
    return await _shown(page, key_id)


@router.post(f"{_ONE}/revoke")
async def revoke(page: Page, key_id: str) -> Response:
    key = await page.api.get("/v1/api-keys/{}", key_id)
    if problems := not_typed(page, key["name"]):
        return await _shown(page, key_id, problems)
    all_of_it = "true" if page.form.get("with_descendants") else "false"
    await page.api.delete(f"/v1/api-keys/{{}}?with_descendants={all_of_it}", key_id)
    return page.see(page.url(PLACE), said="The key is revoked. It opens nothing any more.")


async def _shown(page: Page, key_id: str, problems: Problems = NONE) -> Response:
    key = await page.api.get("/v1/api-keys/{}", key_id)
    return page.render(
        "settings/key.html",
        key=key.body,
        call=key.call,
        problems=problems,
        is_own=page.request.caller.id == key_id,
        status=problems.status,
    )


def _form(page: Page, problems: Problems = NONE) -> Response:
    return page.render(
        "settings/key_new.html",
        areas=_areas(page),
        ticked=page.form.every("scopes"),
        has_all=page.viewer is not None and not page.viewer.scopes,
        problems=problems,
        status=problems.status,
    )


def _said(page: Page) -> dict[str, Any]:
    """Nothing ticked would be everything, for the API: nobody means that by it here."""
    scopes = page.form.every("scopes")
    if page.form.get("access") == "all":
        scopes = []
    elif not scopes:
        raise InvalidInput("scopes", "tick what the key may")
    return {"name": page.form.get("name", "").strip(), "scopes": scopes}


def _reading_first(scope: str) -> tuple[str, bool, str]:
    area, _, verb = scope.partition(":")
    return area, verb != "read", verb


def _areas(page: Page) -> list[tuple[str, list[str]]]:
    """What the viewer may hand out, by what it is about."""
    known = sorted((scope for scope in SCOPES if page.may(scope)), key=_reading_first)
    areas: dict[str, list[str]] = {}
    for scope in known:
        areas.setdefault(area_of(scope), []).append(scope)
    return [*areas.items()]
