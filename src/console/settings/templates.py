"""Templates of messages: their words, how a message would read, and who changed what."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.api_client import Answer
from console.history import history_of
from console.pages import Page
from console.problems import NONE, Problems, not_typed, problems_of
from console.routing import console_router
from console.steps import steps
from delivery.messages.variables import VARIABLES

router = console_router()

PLACE: Final = "/console/settings/templates"

_ONE: Final = f"{PLACE}/{{template_id}}"
_NEW: Final = {"type": "email", "name": "", "subject": "", "body": ""}


@router.get(PLACE)
async def list_templates(page: Page) -> Response:
    asked = page.chosen("type", "cursor", "offset")
    found = await page.api.get("/v1/workflows/templates", **asked)
    return page.render(
        "settings/templates.html",
        found=found,
        **steps(page, found["pagination"], len(found["templates"])),
    )


@router.get(f"{PLACE}/new", scope="workflows:write")
async def show_new(page: Page) -> Response:
    return await _editor(page, None, _NEW)


@router.post(f"{PLACE}/new")
async def create(page: Page) -> Response:
    try:
        made = await page.api.post("/v1/workflows/templates", **_said(page))
    except ApiError as error:
        return await _editor(page, None, page.form, problems_of(error))
    return page.see(page.url(f"{PLACE}/{{}}", made["id"]), said="The template is made.")


@router.post(f"{PLACE}/preview")
async def preview(page: Page) -> Response:
    """The form as it was typed, with how a message would read."""
    named = page.form.get("template_id", "")
    known = await page.api.get("/v1/workflows/templates/{}", named) if named else None
    return await _editor(page, None if known is None else known.body, page.form)


@router.get(_ONE)
async def show_template(page: Page, template_id: str) -> Response:
    return await _shown(page, template_id)


@router.get(f"{_ONE}/edit", scope="workflows:write")
async def show_edit(page: Page, template_id: str) -> Response:
    known = await page.api.get("/v1/workflows/templates/{}", template_id)
    return await _editor(page, known.body, known.body)


@router.post(f"{_ONE}/edit")
async def update(page: Page, template_id: str) -> Response:
    try:
        await page.api.put("/v1/workflows/templates/{}", template_id, **_said(page))
    except ApiError as error:
        known = await page.api.get("/v1/workflows/templates/{}", template_id)
        return await _editor(page, known.body, page.form, problems_of(error))
    return page.see(page.url(f"{PLACE}/{{}}", template_id), said="Saved. What was sent stays.")


@router.post(f"{_ONE}/remove")
async def remove(page: Page, template_id: str) -> Response:
    known = await page.api.get("/v1/workflows/templates/{}", template_id)
    if problems := not_typed(page, known["name"]):
        return await _shown(page, template_id, problems)
    await page.api.delete("/v1/workflows/templates/{}", template_id)
    return page.see(page.url(PLACE), said="The template is removed.")


async def _shown(page: Page, template_id: str, problems: Problems = NONE) -> Response:
    """As it is, or as it was in the version that the address names."""
    found = await page.api.get("/v1/workflows/templates/{}", template_id, **page.chosen("version"))
    preview, refused = await _previewed(page, found.body)
    return page.render(
        "settings/template.html",
        words=found.body,
        call=found.call,
        preview=preview and preview.body,
        refused=refused,
        changes=await history_of(
            page, "templates", template_id, f"{PLACE}/{{}}", has_versions=True
        ),
        is_old=bool(page.query.get("version")),
        problems=problems,
        status=problems.status,
    )


async def _editor(
    page: Page,
    template: dict[str, Any] | None,
    said: Mapping[str, Any],
    problems: Problems = NONE,
) -> Response:
    preview, refused = await _previewed(page, said)
    return page.render(
        "settings/template_edit.html",
        words=template,
        said={**_NEW, **said},
        preview=preview and preview.body,
        refused=refused,
        variables=VARIABLES,
        problems=problems,
        status=problems.status,
    )


async def _previewed(page: Page, said: Mapping[str, Any]) -> tuple[Answer | None, str]:
    """How a message with these words would read, or why it cannot be."""
    words = {name: said.get(name) for name in ("type", "subject", "body") if said.get(name)}
    if "body" not in words:
        return None, ""
    try:
        return await page.api.post("/v1/workflows/templates/preview", **words), ""
    except ApiError as error:
        return None, problems_of(error).beside()


def _said(page: Page) -> dict[str, Any]:
    said: dict[str, Any] = {name: page.form.get(name, "") for name in _NEW}
    if said["type"] == "sms" or not said["subject"].strip():
        said["subject"] = None
    return said
