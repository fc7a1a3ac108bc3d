"""Endpoints: all of them, how far behind each is, and one of them."""

import asyncio
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.responses import Response

from api.http.errors import ApiError
from console.failures import failure_of
from console.forms import number_in
from console.pages import Page
from console.problems import NONE, Problems
from console.routing import console_router
from console.webhooks.tries import as_tried

router = console_router()

ENDPOINT: Final = "/console/webhooks/endpoints/{}"

# Of each that is shown it is asked what waits for it.
_SHOWN: Final = 25
_LATEST: Final = 10


@router.get("/console/webhooks")
async def list_endpoints(page: Page) -> Response:
    found = await page.api.get("/v1/webhooks/endpoints")
    everyone = found["endpoints"]
    first = _offset(page, len(everyone))
    shown = everyone[first : first + _SHOWN]
    asked = [page.api.get("/v1/webhooks/endpoints/{}", each["id"]) for each in shown]
    rows = [(each.body, state_of(each.body)) for each in await asyncio.gather(*asked)]
    stats = await page.api.get("/v1/webhooks/outbound/stats")
    return page.render(
        "webhooks/list.html",
        found=found,
        rows=rows,
        called=called,
        stats=stats["stats"],
        total=len(everyone),
        first=first,
        back=_place(page, first - _SHOWN) if first else "",
        next=_place(page, first + _SHOWN) if first + _SHOWN < len(everyone) else "",
    )


@router.get(ENDPOINT.replace("{}", "{endpoint_id}"))
async def show_endpoint(page: Page, endpoint_id: str) -> Response:
    return await shown(page, endpoint_id)


async def shown(
    page: Page,
    endpoint_id: str,
    problems: Problems = NONE,
    tested: dict[str, Any] | None = None,
) -> Response:
    """``tested``: what came of a test: what was sent and answered, and why it was not taken."""
    endpoint = await page.api.get("/v1/webhooks/endpoints/{}", endpoint_id)
    listed = {"endpoint_id": endpoint_id, "limit": _LATEST}
    waiting = await page.api.get("/v1/webhooks/outbound", **listed, status="pending")
    latest = await page.api.get("/v1/webhooks/outbound", **listed)
    shown = await as_tried(page, [*waiting.body, *latest.body], [endpoint.body])
    return page.render(
        "webhooks/endpoint.html",
        endpoint=endpoint.body,
        backlog=endpoint["backlog"],
        found=endpoint,
        waiting=shown[: len(waiting.body)],
        latest=shown[len(waiting.body) :],
        state=state_of(endpoint.body),
        called=called(endpoint.body),
        tested=tested,
        problems=problems,
        status=problems.status,
    )


def called(endpoint: dict[str, Any]) -> str:
    """One that nobody named is called by where it is: its own name is its id."""
    if endpoint["name"] != endpoint["id"]:
        return str(endpoint["name"])
    return urlsplit(endpoint["url"]).hostname or str(endpoint["url"])


def place_in(page: Page, name: str) -> int | str | None:
    """Where something begins, as a form says it: a moment that was picked, or a position."""
    typed = number_in(page.form.get(name, ""))
    if not isinstance(typed, str):
        return typed
    with suppress(ValueError):
        return page.moment.instant(typed)
    return typed


def state_of(endpoint: dict[str, Any]) -> str:
    """In one word: what nobody told it for so long comes before that it is told at all."""
    if not endpoint["enabled"]:
        return "disabled"
    return "failing" if endpoint["failing_since"] else "active"


async def previewed(page: Page, events: list[str]) -> tuple[dict[str, Any] | None, str]:
    """What such a filter would have let through, or why it cannot be."""
    try:
        found = await page.api.post("/v1/webhooks/endpoints/preview", events=events)
    except ApiError as error:
        return None, failure_of(error).sentence
    return found.body, ""


def _offset(page: Page, total: int) -> int:
    typed = page.query.get("offset", "0")
    return min(int(typed), total) if typed.isascii() and typed.isdigit() else 0


def _place(page: Page, first: int) -> str:
    return page.here(offset=max(first, 0) or None)
