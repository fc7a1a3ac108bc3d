"""Integrations: through whom messages leave, and how they log in there, which is never shown."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, no_such_route
from console.history import history_of
from console.pages import Page
from console.problems import NONE, Problems, not_typed, problems_of
from console.routing import console_router
from console.settings.providers import (
    PROVIDERS,
    TYPES,
    Provider,
    config_in,
    credentials_in,
    provider_of,
    typed_of,
)
from console.steps import steps

router = console_router()

PLACE: Final = "/console/settings/integrations"

_API: Final = "/v1/workflows/integrations/{}"
_ONE: Final = f"{PLACE}/{{integration_id}}"
_NEW: Final = f"{PLACE}/new"


@router.get(PLACE)
async def list_integrations(page: Page) -> Response:
    found = await page.api.get("/v1/workflows/integrations", **page.chosen("cursor", "offset"))
    return page.render(
        "settings/integrations.html",
        found=found,
        types=TYPES,
        label=_label,
        **steps(page, found["pagination"], len(found["integrations"])),
    )


@router.get(_NEW, scope="workflows:write")
async def choose(page: Page) -> Response:
    return page.render("settings/integration_choice.html", types=TYPES, providers=_offered(page))


@router.get(f"{_NEW}/{{type_}}/{{name}}", scope="workflows:write")
async def show_new(page: Page, type_: str, name: str) -> Response:
    return _form(page, type_, name, None, {})


@router.post(f"{_NEW}/{{type_}}/{{name}}")
async def create(page: Page, type_: str, name: str) -> Response:
    provider = _named(page, type_, name)
    try:
        said = _said(page, provider, {})
        made = await page.api.post("/v1/workflows/integrations", type=type_, provider=name, **said)
    except ApiError as error:
        return _form(page, type_, name, None, page.form, problems_of(error))
    return _see(page, made["id"], "Messages may leave through it.")


@router.get(_ONE)
async def show_integration(page: Page, integration_id: str) -> Response:
    return await _shown(page, integration_id)


@router.get(f"{_ONE}/edit", scope="workflows:write")
async def show_edit(page: Page, integration_id: str) -> Response:
    known = (await page.api.get(_API, integration_id)).body
    provider = _named(page, known["type"], known["provider"])
    typed = {"name": known["name"], **typed_of(provider, known["config"])}
    return _form(page, known["type"], known["provider"], known, typed)


@router.post(f"{_ONE}/edit")
async def update(page: Page, integration_id: str) -> Response:
    """What is left as it was, and secrets that are left empty, is not said again."""
    known = (await page.api.get(_API, integration_id)).body
    type_, name = known["type"], known["provider"]
    try:
        said = _said(page, _named(page, type_, name), known["config"])
        changed = {field: value for field, value in said.items() if value != known.get(field)}
        if not said["credentials"]:
            del changed["credentials"]
        await page.api.put(_API, integration_id, **changed)
    except ApiError as error:
        return _form(page, type_, name, known, page.form, problems_of(error))
    return _see(page, integration_id, "Saved.")


@router.post(f"{_ONE}/try")
async def try_out(page: Page, integration_id: str) -> Response:
    to = page.form.get("to", "").strip() or None
    try:
        tried = await page.api.post(f"{_API}/test", integration_id, to=to)
    except ApiError as error:
        return await _shown(page, integration_id, problems_of(error))
    return await _shown(page, integration_id, tried=tried.body)


@router.post(f"{_ONE}/switch")
async def switch(page: Page, integration_id: str) -> Response:
    status = "active" if page.form.get("status") == "active" else "inactive"
    await page.api.put(_API, integration_id, status=status)
    said = "Messages leave through it again." if status == "active" else "Nothing leaves any more."
    return _see(page, integration_id, said)


@router.post(f"{_ONE}/default")
async def make_default(page: Page, integration_id: str) -> Response:
    await page.api.post(f"{_API}/default", integration_id)
    return _see(page, integration_id, "It is the usual one of its kind.")


@router.post(f"{_ONE}/remove")
async def remove(page: Page, integration_id: str) -> Response:
    known = await page.api.get(_API, integration_id)
    if problems := not_typed(page, known["name"]):
        return await _shown(page, integration_id, problems)
    await page.api.delete(_API, integration_id)
    return page.see(page.url(PLACE), said="The integration is removed.")


async def _shown(
    page: Page,
    integration_id: str,
    problems: Problems = NONE,
    tried: dict[str, Any] | None = None,
) -> Response:
    """``tried``: what came of a message that was sent to try it out."""
    found = await page.api.get(_API, integration_id)
    provider = provider_of(found["type"], found["provider"])
    return page.render(
        "settings/integration.html",
        integration=found.body,
        call=found.call,
        kind=TYPES[found["type"]],
        label=_label(found["type"], found["provider"]),
        labels={each.name: each.label for each in provider.asked} if provider else {},
        changes=await history_of(page, "integrations", integration_id, f"{PLACE}/{{}}"),
        problems=problems,
        tried=tried,
        status=problems.status,
    )


def _form(
    page: Page,
    type_: str,
    name: str,
    integration: dict[str, Any] | None,
    said: Mapping[str, str],
    problems: Problems = NONE,
) -> Response:
    return page.render(
        "settings/integration_edit.html",
        integration=integration,
        type=type_,
        through=name,
        provider=_named(page, type_, name),
        kind=TYPES[type_],
        said=said,
        problems=problems,
        status=problems.status,
    )


def _said(page: Page, provider: Provider, config: Mapping[str, Any]) -> dict[str, Any]:
    """``config``: as it is known to be."""
    said: dict[str, Any] = {
        "config": config_in(provider, page.form, config),
        "credentials": credentials_in(provider, page.form),
    }
    name = page.form.get("name", "").strip()
    return said | {"name": name} if name else said


def _named(page: Page, type_: str, name: str) -> Provider:
    provider = provider_of(type_, name)
    if provider is None:
        raise no_such_route(page.path)
    return provider


def _offered(page: Page) -> dict[str, dict[str, Provider]]:
    """What only writes into the log is for test mode."""
    is_test = page.viewer is not None and page.viewer.mode == "test"
    return {
        type_: {name: each for name, each in known.items() if is_test or name != "console"}
        for type_, known in PROVIDERS.items()
    }


def _label(type_: str, name: str) -> str:
    provider = provider_of(type_, name)
    return name if provider is None else provider.label


def _see(page: Page, integration_id: str, said: str) -> Response:
    return page.see(page.url(f"{PLACE}/{{}}", integration_id), said=said)
