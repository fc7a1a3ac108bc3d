"""Workflows: all of them, and one with how it came to be what it is."""

from typing import Any, Final

from starlette.responses import Response

from console.history import history_of
from console.listings import whole
from console.pages import Page
from console.problems import NONE, Problems, not_typed
from console.routing import console_router
from console.steps import steps
from console.workflows.backtests import Tried, tried_of

router = console_router()

RULE: Final = "/console/workflows/rules/{}"

_ONE: Final = RULE.replace("{}", "{workflow_id}")


async def rule_names(page: Page) -> dict[str, str]:
    """What each is called, by its id."""
    rules = await whole(page, "/v1/workflows/rules", "workflows")
    return {each["id"]: each["name"] for each in rules}


@router.get("/console/workflows")
async def list_rules(page: Page) -> Response:
    found = await page.api.get("/v1/workflows/rules", **page.chosen("cursor", "offset"))
    return page.render(
        "workflows/list.html",
        found=found,
        state_of=state_of,
        **steps(page, found["pagination"], len(found["workflows"])),
    )


@router.get(_ONE)
async def show_rule(page: Page, workflow_id: str) -> Response:
    found = await page.api.get("/v1/workflows/rules/{}", workflow_id)
    return await _shown(page, found.body)


@router.post(f"{_ONE}/backtest")
async def backtest(page: Page, workflow_id: str) -> Response:
    """Nothing is sent by asking."""
    found = await page.api.get("/v1/workflows/rules/{}", workflow_id)
    report = await page.api.post("/v1/workflows/rules/{}/backtest", workflow_id)
    return await _shown(page, found.body, tried=await tried_of(page, found.body, report.body))


@router.post(f"{_ONE}/enable")
async def enable(page: Page, workflow_id: str) -> Response:
    await page.api.post("/v1/workflows/rules/{}/enable", workflow_id)
    return _see(page, workflow_id, "It goes for what happens from here on.")


@router.post(f"{_ONE}/disable")
async def disable(page: Page, workflow_id: str) -> Response:
    await page.api.post("/v1/workflows/rules/{}/disable", workflow_id)
    return _see(page, workflow_id, "Nothing follows from it any more.")


@router.post(f"{_ONE}/shadow")
async def shadow(page: Page, workflow_id: str) -> Response:
    """In the shadow it says what it would do, and does nothing."""
    is_shadow = page.form.get("shadow") == "true"
    await page.api.put("/v1/workflows/rules/{}", workflow_id, shadow=is_shadow)
    said = "It only says what it would do." if is_shadow else "It does what it says now."
    return _see(page, workflow_id, said)


@router.post(f"{_ONE}/remove")
async def remove(page: Page, workflow_id: str) -> Response:
    found = await page.api.get("/v1/workflows/rules/{}", workflow_id)
    if problems := not_typed(page, found["name"]):
        return await _shown(page, found.body, problems)
    await page.api.delete("/v1/workflows/rules/{}", workflow_id)
    return page.see(page.url("/console/workflows"), said="The workflow is removed.")


def state_of(rule: dict[str, Any]) -> str:
    if not rule["enabled"]:
        return "disabled"
    return "shadow" if rule["shadow"] else "active"


async def _shown(
    page: Page, rule: dict[str, Any], problems: Problems = NONE, tried: Tried | None = None
) -> Response:
    call = page.api.answers[0].call
    return page.render(
        "workflows/rule.html",
        rule=rule,
        state=state_of(rule),
        changes=await history_of(page, "rules", rule["id"], RULE),
        tried=tried,
        call=call,
        problems=problems,
        status=problems.status,
    )


def _see(page: Page, workflow_id: str, said: str) -> Response:
    return page.see(page.url(RULE, workflow_id), said=said)
