"""Changing endpoints: a new one, another address or filter, with what the filter lets through."""

from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.forms import pairs_as_text, pairs_in, words_in
from console.pages import Page
from console.problems import NONE, Problems, problems_of
from console.routing import console_router
from console.webhooks.endpoints import ENDPOINT, called, place_in, previewed
from console.webhooks.event_names import Subject, subjects_of

router = console_router()

_NEW: Final[dict[str, Any]] = {"name": "", "url": "", "events": [], "begin": "", "metadata": ""}


@router.get("/console/webhooks/new", scope="webhooks:write")
async def show_new(page: Page) -> Response:
    return await _form(page, None, _NEW)


@router.post("/console/webhooks/new")
async def register(page: Page) -> Response:
    """The answer shows the secret: nobody is told it again on a page."""
    try:
        made = await page.api.post("/v1/webhooks/endpoints", **_registered(page))
    except ApiError as error:
        return await _form(page, None, _typed(page), problems_of(error))
    return page.render(
        "webhooks/secret.html", endpoint=made.body, called=called, before=None, hours=0
    )


@router.get(ENDPOINT.replace("{}", "{endpoint_id}") + "/edit", scope="webhooks:write")
async def show_edit(page: Page, endpoint_id: str) -> Response:
    endpoint = await page.api.get("/v1/webhooks/endpoints/{}", endpoint_id)
    said = {
        "name": endpoint["name"],
        "url": endpoint["url"],
        "events": endpoint["events"],
        "metadata": pairs_as_text(endpoint["metadata"]),
    }
    return await _form(page, endpoint.body, said)


@router.post(ENDPOINT.replace("{}", "{endpoint_id}") + "/edit")
async def update(page: Page, endpoint_id: str) -> Response:
    known = await page.api.get("/v1/webhooks/endpoints/{}", endpoint_id)
    said = _said(page, known["metadata"])
    try:
        await page.api.patch("/v1/webhooks/endpoints/{}", endpoint_id, **said)
    except ApiError as error:
        return await _form(page, known.body, _typed(page), problems_of(error))
    return page.see(page.url(ENDPOINT, endpoint_id), said="Saved.")


@router.post("/console/webhooks/preview")
async def preview(page: Page) -> Response:
    """The form as it was typed, with what its filter would have let through."""
    named = page.form.get("endpoint_id", "")
    known = await page.api.get("/v1/webhooks/endpoints/{}", named) if named else None
    return await _form(page, None if known is None else known.body, _typed(page))


async def _form(
    page: Page,
    endpoint: dict[str, Any] | None,
    said: dict[str, Any],
    problems: Problems = NONE,
) -> Response:
    preview, refused = await previewed(page, said["events"])
    subjects = [*subjects_of(said["events"])]
    return page.render(
        "webhooks/edit.html",
        endpoint=endpoint,
        called=called,
        events=subjects,
        opened=[each.about for each in subjects if _is_ticked(each, said["events"])],
        said=said,
        preview=preview,
        refused=refused,
        problems=problems,
        status=problems.status,
    )


def _typed(page: Page) -> dict[str, Any]:
    return {name: page.form.get(name, "") for name in _NEW} | {"events": _ticked(page)}


def _ticked(page: Page) -> list[str]:
    """Each that is ticked; what they say between commas is several."""
    return [word for said in page.form.every("events") for word in words_in(said)]


def _is_ticked(subject: Subject, ticked: list[str]) -> bool:
    return not {subject.whole, *subject.names}.isdisjoint(ticked)


def _registered(page: Page) -> dict[str, Any]:
    name = page.form.get("name", "").strip()
    said = _said(page, {}) | {"begin": place_in(page, "begin") or "now"}
    return said if name else {key: value for key, value in said.items() if key != "name"}


def _said(page: Page, known: dict[str, Any]) -> dict[str, Any]:
    """``known``: metadata that is left as it is stays of the kind it was."""
    return {
        "name": page.form.get("name", "").strip(),
        "url": page.form.get("url", "").strip(),
        "events": _ticked(page),
        "metadata": pairs_in(page.form.get("metadata", ""), known),
    }
