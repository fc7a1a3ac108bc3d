"""Deliveries: what endpoints were told, how it went, and the body as it would be sent now."""

from typing import Any, Final

import orjson
from starlette.responses import Response

from api.http.errors import ApiError
from console.listings import standing
from console.pages import Page
from console.routing import console_router
from console.states import word_of
from console.webhooks.endpoints import called
from console.webhooks.event_names import choices_of
from console.webhooks.tries import as_tried, waits

router = console_router()

_FILTERS: Final = ("status", "event_type", "endpoint_id", "target_url")
# So much of what was never sent stands before what was.
_OLDEST: Final = 10
_HIDDEN: Final = frozenset({403, 404})


@router.get("/console/webhooks/deliveries")
async def list_deliveries(page: Page) -> Response:
    """Unless a state is asked for, with what was never sent first: else it would not be found."""
    asked = page.chosen(*_FILTERS)
    place = page.chosen("cursor", "offset")
    found = await page.api.get("/v1/webhooks/outbound", **asked, **place)
    opens = not place and "status" not in asked
    unsent = await _never_sent(page, asked) if opens else []
    stats = await page.api.get("/v1/webhooks/outbound/stats") if opens and not asked else None
    endpoints = (await page.api.get("/v1/webhooks/endpoints"))["endpoints"]
    shown = await as_tried(page, [*unsent, *found.body], endpoints)
    names = {each["id"]: called(each) for each in endpoints}
    return page.render(
        "webhooks/deliveries.html",
        found=found,
        sent=shown[len(unsent) :],
        unsent=shown[: len(unsent)],
        stats=stats["stats"] if stats else None,
        names=names,
        event_choices=choices_of(page.query.get("event_type", "")),
        chips=[
            (f"{_WORDS[name]}: {_said(name, asked[name], names)}", page.here(**{name: None}))
            for name in asked
        ],
        **standing(page, found),
    )


@router.get("/console/webhooks/deliveries.csv")
async def export_deliveries(page: Page) -> Response:
    asked = page.chosen(*_FILTERS)
    return page.api.passed_on("/v1/exports/webhook-deliveries", **asked, format="csv")


@router.get("/console/webhooks/deliveries/{delivery_id}")
async def show_delivery(page: Page, delivery_id: str) -> Response:
    found = await page.api.get("/v1/webhooks/outbound/{}", delivery_id)
    event = await or_nothing(page, "/v1/events/{}", found["event_id"])
    endpoint = await or_nothing(page, "/v1/webhooks/endpoints/{}", found["endpoint_id"])
    return page.render(
        "webhooks/delivery.html",
        delivery=found.body,
        found=found,
        endpoint=endpoint,
        called=called(endpoint) if endpoint else found["endpoint_id"],
        latest=found["history"][-1] if found["history"] else None,
        next_try=_next_try(found.body, endpoint),
        event=event,
        body=as_json({**event, "replay": found["replay"]}) if event else "",
    )


@router.post("/console/webhooks/deliveries/{delivery_id}/retry")
async def retry(page: Page, delivery_id: str) -> Response:
    """What waits for an endpoint goes out in its order: all of it is tried, and this with it."""
    found = await page.api.get("/v1/webhooks/outbound/{}", delivery_id)
    await page.api.post("/v1/webhooks/endpoints/{}/retry", found["endpoint_id"])
    back = page.url("/console/webhooks/deliveries/{}", delivery_id)
    return page.see(back, said="It is tried now, with all that waits for this endpoint.")


@router.post("/console/webhooks/deliveries/{delivery_id}/resend")
async def resend(page: Page, delivery_id: str) -> Response:
    done = await page.api.post("/v1/webhooks/outbound/{}/resend", delivery_id)
    back = page.url("/console/webhooks/deliveries/{}", done["id"])
    if page.form.get("of") == "event":
        back = page.url("/console/events/{}", done["event_id"])
    return page.see(back, said="It is sent once more.")


async def or_nothing(page: Page, path: str, *segments: str, **query: Any) -> dict[str, Any] | None:
    """What is not there any more, or not for whoever looks, is nothing."""
    try:
        found: dict[str, Any] = (await page.api.get(path, *segments, **query)).body
    except ApiError as error:
        if error.status not in _HIDDEN:
            raise
        return None
    return found


def as_json(body: Any) -> str:
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


async def _never_sent(page: Page, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The oldest of what the API lists with what is pending alone."""
    found = await page.api.get("/v1/webhooks/outbound", **asked, status="pending", limit=_OLDEST)
    return [each for each in found.body if not each["attempts"]]


def _next_try(delivery: dict[str, Any], endpoint: dict[str, Any] | None) -> str | None:
    """Of what waits for an endpoint that is down: when that is tried."""
    at: str | None = delivery["next_attempt_at"]
    if at is None and endpoint is not None and endpoint["enabled"] and waits(delivery):
        at = endpoint["backlog"]["next_probe_at"]
    return at


def _said(name: str, value: Any, names: dict[str, str]) -> str:
    match name:
        case "endpoint_id":
            return names.get(value, str(value))
        case "status":
            return word_of(str(value))
        case _:
            return str(value)


_WORDS: Final = {
    "status": "State",
    "event_type": "Event",
    "endpoint_id": "Endpoint",
    "target_url": "Address",
}
