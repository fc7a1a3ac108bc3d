"""Operating endpoints: on and off, another secret, a test, and telling again what was told."""

from typing import Any

from starlette.responses import Response

from api.http.errors import ApiError
from console.forms import number_in
from console.pages import Page
from console.problems import not_typed, problems_of
from console.routing import console_router
from console.webhooks.endpoints import ENDPOINT, called, place_in, shown

router = console_router()

_ONE = ENDPOINT.replace("{}", "{endpoint_id}")


@router.post(f"{_ONE}/enable")
async def enable(page: Page, endpoint_id: str) -> Response:
    await page.api.post("/v1/webhooks/endpoints/{}/enable", endpoint_id)
    return _see(page, endpoint_id, "It is told again, from where it stopped.")


@router.post(f"{_ONE}/disable")
async def disable(page: Page, endpoint_id: str) -> Response:
    await page.api.post("/v1/webhooks/endpoints/{}/disable", endpoint_id)
    return _see(page, endpoint_id, "It is told nothing for now. Nothing is lost.")


@router.post(f"{_ONE}/retry")
async def retry(page: Page, endpoint_id: str) -> Response:
    await page.api.post("/v1/webhooks/endpoints/{}/retry", endpoint_id)
    return _see(page, endpoint_id, "It is tried now. What comes of it is shown here in a moment.")


@router.post(f"{_ONE}/test")
async def test(page: Page, endpoint_id: str) -> Response:
    try:
        answered = await page.api.post("/v1/webhooks/endpoints/{}/test", endpoint_id)
    except ApiError as error:
        if error.code != "webhook_delivery_failed":
            raise
        return await shown(
            page, endpoint_id, tested={**(error.details or {}), "reason": error.message}
        )
    return await shown(page, endpoint_id, tested=answered.body)


@router.post(f"{_ONE}/rotate")
async def rotate(page: Page, endpoint_id: str) -> Response:
    """Both secrets are shown in the answer, and on no page after it."""
    before = await page.api.get("/v1/webhooks/endpoints/{}", endpoint_id)
    said = {"previous_for_hours": number_in(page.form.get("previous_for_hours", "24"))}
    try:
        endpoint = await page.api.post("/v1/webhooks/endpoints/{}/rotate", endpoint_id, **said)
    except ApiError as error:
        return await shown(page, endpoint_id, problems_of(error))
    old = before["signing_secret"]
    return page.render(
        "webhooks/secret.html",
        endpoint=endpoint.body,
        called=called,
        before=old if old != endpoint["signing_secret"] else None,
        hours=said["previous_for_hours"],
    )


@router.post(f"{_ONE}/resend")
async def resend_failed(page: Page, endpoint_id: str) -> Response:
    done = await page.api.post("/v1/webhooks/endpoints/{}/resend", endpoint_id)
    count = done["resent"]
    said = "1 delivery is sent again." if count == 1 else f"{count} deliveries are sent again."
    return _see(page, endpoint_id, said)


@router.post(f"{_ONE}/replay")
async def replay(page: Page, endpoint_id: str) -> Response:
    places = {name: place_in(page, name) for name in ("from", "until")}
    said: dict[str, Any] = {name: place for name, place in places.items() if place is not None}
    try:
        plan = await page.api.post("/v1/webhooks/replay", endpoint=endpoint_id, **said)
    except ApiError as error:
        return await shown(page, endpoint_id, problems_of(error))
    endpoint = await page.api.get("/v1/webhooks/endpoints/{}", endpoint_id)
    return _see(page, endpoint_id, _told_again(plan.body, endpoint.body))


@router.post(f"{_ONE}/remove")
async def remove(page: Page, endpoint_id: str) -> Response:
    endpoint = await page.api.get("/v1/webhooks/endpoints/{}", endpoint_id)
    if problems := not_typed(page, called(endpoint.body)):
        return await shown(page, endpoint_id, problems)
    await page.api.delete("/v1/webhooks/endpoints/{}", endpoint_id)
    return page.see(page.url("/console/webhooks"), said="It is told nothing any more.")


def _told_again(plan: dict[str, Any], endpoint: dict[str, Any]) -> str:
    """What is told there is sent from now on, and not before the endpoint can be told."""
    facts = f"facts {plan['from']} to {plan['until']}"
    if plan["from"] == plan["until"]:
        facts = f"fact {plan['from']}"
    what = f"What it is told of {facts} is to be sent again"
    if not endpoint["enabled"]:
        return f"{what}, once the endpoint is enabled."
    if endpoint["backlog"]["down_since"]:
        return f"{what}, as soon as the endpoint answers."
    return f"{what}, beginning now."


def _see(page: Page, endpoint_id: str, said: str) -> Response:
    return page.see(page.url(ENDPOINT, endpoint_id), said=said)
