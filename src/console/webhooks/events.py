"""Events: what there is to tell, the latest first, and one of them."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError
from console.forms import number_in
from console.pages import Page
from console.problems import NONE, problems_of
from console.routing import console_router
from console.webhooks.deliveries import as_json
from console.webhooks.endpoints import called
from console.webhooks.event_names import choices_of
from console.webhooks.tries import as_tried

router = console_router()

_FILTERS: Final = ("types", "customer_id")
_FORBIDDEN: Final = 403
# How many facts are looked at for a page; where only some are wanted, in so many steps.
_FACTS: Final = 50
_FACTS_OF_A_STEP: Final = 500
_STEPS: Final = 6


@dataclass(frozen=True)
class _Stretch:
    """Events of the facts after ``after`` and before ``before``, the latest first."""

    events: list[dict[str, Any]]
    after: int
    before: int


@router.get("/console/events")
async def list_events(page: Page) -> Response:
    problems, stretch = NONE, _Stretch([], 0, 0)
    try:
        stretch = await _latest(page, page.chosen(*_FILTERS))
    except ApiError as error:
        problems = problems_of(error)
    asked = page.chosen(*_FILTERS)
    return page.render(
        "webhooks/events.html",
        stretch=stretch,
        event_choices=choices_of(page.query.get("types", "")),
        problems=problems,
        status=problems.status,
        call=page.api.answers[-1].call if page.api.answers else None,
        earlier=page.here(before=stretch.after + 1) if stretch.after else "",
        chips=[
            (f"{_WORDS[name]}: {value}", page.here(**{name: None, "before": None}))
            for name, value in asked.items()
        ],
    )


@router.get("/console/events/{event_id}")
async def show_event(page: Page, event_id: str) -> Response:
    event = await page.api.get("/v1/events/{}", event_id)
    return page.render(
        "webhooks/event.html",
        event=event.body,
        found=event,
        body=as_json(event.body),
        told=await _told(page, event_id),
    )


async def _told(page: Page, event_id: str) -> list[tuple[dict[str, Any], str]] | None:
    """To whom it went or is to go, with what each endpoint is called; None: one may not know."""
    try:
        found = await page.api.get("/v1/webhooks/outbound", event_id=event_id)
        endpoints = await page.api.get("/v1/webhooks/endpoints")
    except ApiError as error:
        if error.status != _FORBIDDEN:
            raise
        return None
    names = {each["id"]: called(each) for each in endpoints["endpoints"]}
    shown = await as_tried(page, found.body, endpoints["endpoints"])
    return [(each, names.get(each["endpoint_id"], each["endpoint_id"])) for each in shown]


async def _latest(page: Page, asked: dict[str, Any]) -> _Stretch:
    """Backwards from the fact that is named, or from the last, until there is something."""
    before = await _before(page)
    step, steps = (_FACTS_OF_A_STEP, _STEPS) if asked else (_FACTS, _STEPS)
    found, after = list[dict[str, Any]](), before - 1
    for _ in range(steps):
        until, after = after, max(after - step, 0)
        if until == after:
            break
        answer = await page.api.get("/v1/events", **asked, after=after, limit=step)
        found += [each for each in answer["events"][::-1] if each["position"] <= until]
        if len(found) >= _FACTS // 2:
            break
    return _Stretch(found, after, before)


async def _before(page: Page) -> int:
    typed = page.query.get("before", "")
    position = number_in(typed)
    if isinstance(position, int):
        return position
    reached = await page.api.get("/v1/events", limit=1)
    return (page.position or reached["position"]) + 1


_WORDS: Final = {"types": "Event", "customer_id": "Customer"}
