"""The editor of a workflow, with what it would have brought about beside it."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, InvalidInput
from console.api_client import Answer
from console.currencies import only_currency
from console.listings import whole
from console.pages import Page
from console.problems import NONE, Problems, problems_of
from console.routing import console_router
from console.triggers import TRIGGER_WORDS
from console.workflows.backtests import Tried, tried_of
from console.workflows.rule_forms import in_minor_units, places_in, rule_in, typed_of
from console.workflows.rules import RULE
from domain.workflow_triggers import TRIGGERS

router = console_router()

_ONE: Final = RULE.replace("{}", "{workflow_id}")
# Whom a rule finds is seen before anybody is written to.
_NEW: Final = {"trigger": "payment.success", "priority": "0", "shadow": "true"}


@router.get("/console/workflows/new", scope="workflows:write")
async def show_new(page: Page) -> Response:
    return await _editor(page, None, _NEW)


@router.post("/console/workflows/new")
async def create(page: Page) -> Response:
    try:
        made = await page.api.post("/v1/workflows/rules", **await _said(page, None))
    except ApiError as error:
        return await _editor(page, None, page.form, problems_of(error))
    return page.see(page.url(RULE, made["id"]), said=_made(made))


@router.get(f"{_ONE}/edit", scope="workflows:write")
async def show_edit(page: Page, workflow_id: str) -> Response:
    rule = await page.api.get("/v1/workflows/rules/{}", workflow_id)
    return await _editor(page, rule.body, typed_of(rule.body))


@router.post(f"{_ONE}/edit")
async def update(page: Page, workflow_id: str) -> Response:
    known = await page.api.get("/v1/workflows/rules/{}", workflow_id)
    try:
        said = await _said(page, known.body)
        await page.api.put("/v1/workflows/rules/{}", workflow_id, **said)
    except ApiError as error:
        return await _editor(page, known.body, page.form, problems_of(error))
    return page.see(page.url(RULE, workflow_id), said="Saved.")


@router.post("/console/workflows/backtest")
async def backtest(page: Page) -> Response:
    """The form as it was typed, with what such a workflow would have brought about."""
    named = page.form.get("workflow_id", "")
    known = (await page.api.get("/v1/workflows/rules/{}", named)).body if named else None
    return await _editor(page, known, page.form)


def _made(rule: Answer) -> str:
    if rule["shadow"]:
        return "The workflow is made. It only says what it would do, until you let it act."
    return "The workflow is made, and acts from here on."


async def _editor(
    page: Page,
    rule: dict[str, Any] | None,
    typed: Mapping[str, str],
    problems: Problems = NONE,
) -> Response:
    tried, refused = await _tried(page, rule) if page.form and not problems else (None, NONE)
    found = problems or refused
    return page.render(
        "workflows/edit.html",
        rule=rule,
        typed=typed,
        places=places_in(typed),
        triggers=[(each, f"{TRIGGER_WORDS[each]} · {each}") for each in TRIGGERS],
        templates=await whole(page, "/v1/workflows/templates", "templates"),
        integrations=await whole(page, "/v1/workflows/integrations", "integrations"),
        assumed_currency=await only_currency(page),
        in_minor_units=rule is not None and in_minor_units(rule["conditions"]),
        tried=tried,
        problems=found,
        status=problems.status,
    )


async def _tried(page: Page, rule: dict[str, Any] | None) -> tuple[Tried | None, Problems]:
    """What it would have brought about in the last 30 days, or what is still wrong with it."""
    try:
        said = await _said(page, rule)
        asked = {**said, "name": said["name"] or "not named yet"}
        found = await page.api.post("/v1/workflows/rules/backtest", rule=asked)
    except ApiError as error:
        return None, problems_of(error, within="rule")
    return await tried_of(page, said, found.body), NONE


async def _said(page: Page, known: dict[str, Any] | None) -> dict[str, Any]:
    said = rule_in(page.form, known, assumed_currency=await only_currency(page))
    if not said["actions"]:
        raise InvalidInput("actions", "choose what it does")
    return said
