"""Retry policies: when money that was not there is asked for again, by plan."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.addresses import address
from console.forms import number_in, words_in
from console.pages import Page
from console.problems import NONE, Problems, problems_of
from console.routing import console_router

router = console_router()

PLACE: Final = "/console/settings/retries"

_USUAL: Final = {
    "plan_id": "",
    "delays": "15m, 1h, 24h",
    "max_retries": "",
    "when_used_up": "pause",
}


@router.get(PLACE)
async def list_policies(page: Page) -> Response:
    return await _shown(page, _USUAL)


@router.post(PLACE)
async def set_policy(page: Page) -> Response:
    try:
        await page.api.post("/v1/policies/retry", **_said(page))
    except ApiError as error:
        return await _shown(page, {**_USUAL, **page.form}, problems_of(error))
    return page.see(page.url(PLACE), said="It goes for invoices from now on.")


@router.post(f"{PLACE}/remove")
async def remove_policy(page: Page) -> Response:
    await page.api.delete(address("/v1/policies/retry", plan_id=page.form.get("plan_id")))
    return page.see(page.url(PLACE), said="The more general policy goes again.")


async def _shown(page: Page, said: Mapping[str, str], problems: Problems = NONE) -> Response:
    found = await page.api.get("/v1/policies/retry/list")
    usual = await page.api.get("/v1/policies/retry")
    return page.render(
        "settings/retry_policies.html",
        policies=found.body,
        usual=usual.body,
        call=found.call,
        said=said,
        problems=problems,
        status=problems.status,
    )


def _said(page: Page) -> dict[str, Any]:
    said: dict[str, Any] = {
        "plan_id": page.form.get("plan_id", "").strip() or None,
        "delays": words_in(page.form.get("delays", "")),
        "max_retries": number_in(page.form.get("max_retries", "")),
        "when_used_up": page.form.get("when_used_up", "pause"),
    }
    return {name: value for name, value in said.items() if value is not None}
