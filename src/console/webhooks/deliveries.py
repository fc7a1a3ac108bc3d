"""Deliveries: what endpoints were told, how it went, and the body as it would be sent now."""

from typing import Any, Final

import orjson
from starlette.responses import Response

from api.http.errors import ApiError
from console.listings import standing
from console.pages import Page
from console.routing import console_router
from console.webhooks.endpoints import called

router = console_router()

_FILTERS: Final = ("status", "event_type", "endpoint_id", "target_url")
_HIDDEN: Final = frozenset({403, 404})


@router.get("/console/webhooks/deliveries")
async def list_deliveries(page: Page) -> Response:
    asked = page.chosen(*_FILTERS)
    place = page.chosen("cursor", "offset")
    found = await page.api.get("/v1/webhooks/outbound", **asked, **place)
    endpoints = await page.api.get("/v1/webhooks/endpoints")
    names = {each["id"]: called(each) for each in endpoints["endpoints"]}
    return page.render(
        "webhooks/deliveries.html",
        found=found,
        names=names,
        chips=[
            (f"{_word(name)}: {_said(name, asked[name], names)}", page.here(**{name: None}))
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
        event=event,
        body=as_json({**event, "replay": found["replay"]}) if event else "",
    )


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


def _said(name: str, value: Any, names: dict[str, str]) -> str:
    return str(names.get(value, value) if name == "endpoint_id" else value)


def _word(name: str) -> str:
    return {"event_type": "Event", "endpoint_id": "Endpoint", "target_url": "Address"}.get(
        name, name.capitalize()
    )
