"""What may be done with a subscription: pause, go on, end; each a form, and one command."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from api.http.errors import ApiError, no_such_route
from console.actions import Action
from console.api_client import Answer
from console.pages import Page
from console.problems import problems_of
from console.routing import console_router

router = console_router()

ACTIONS: Final[Mapping[str, Action]] = {
    "pause": Action(
        "Pause",
        "Pause the subscription",
        (
            "Nothing is billed for the time it is paused, and invoices that failed are not tried "
            "again."
        ),
        "Paused.",
        ("active",),
        ("reason",),
    ),
    "resume": Action(
        "Resume",
        "Resume the subscription",
        (
            "It goes on with the period it was paused in. When that has ended meanwhile, a new one "
            "begins now, and is billed."
        ),
        "It goes on.",
        ("paused",),
    ),
    "cancel": Action(
        "Cancel",
        "Cancel the subscription",
        (
            "It ends for good. What was billed until then stays owed, but is not tried again by "
            "itself."
        ),
        "Canceled.",
        ("active", "paused"),
        ("when", "reason"),
        "danger",
    ),
}


def possible(page: Page, subscription: Mapping[str, Any]) -> list[tuple[str, Action]]:
    if not page.may_change("subscriptions:write"):
        return []
    return [each for each in ACTIONS.items() if subscription["status"] in each[1].of]


@router.post("/console/subscriptions/{subscription_id}/go-on")
async def go_on(page: Page, subscription_id: str) -> Response:
    """It was to end with its period, and does not."""
    await page.api.patch("/v1/subscriptions/{}", subscription_id, cancel_at_period_end=False)
    return page.see(page.url("/console/subscriptions/{}", subscription_id), said="It goes on.")


@router.get("/console/subscriptions/{subscription_id}/{action}", scope="subscriptions:write")
async def show_action(page: Page, subscription_id: str, action: str) -> Response:
    return await _form(page, subscription_id, action)


@router.post("/console/subscriptions/{subscription_id}/{action}")
async def act(page: Page, subscription_id: str, action: str) -> Response:
    named = _named(page, action)
    said: dict[str, Any] = {}
    if page.form.get("reason"):
        said["reason"] = page.form["reason"]
    if page.form.get("when") == "period_end":
        said["cancel_at_period_end"] = True
    try:
        done = await page.api.post(f"/v1/subscriptions/{{}}/{action}", subscription_id, **said)
    except ApiError as error:
        return await _form(page, subscription_id, action, error)
    return page.see(
        page.url("/console/subscriptions/{}", subscription_id), said=_told(page, named, done)
    )


async def _form(
    page: Page, subscription_id: str, action: str, error: ApiError | None = None
) -> Response:
    named, problems = _named(page, action), problems_of(error)
    known = await page.api.get("/v1/subscriptions/{}", subscription_id)
    return page.render(
        "subscriptions/action.html",
        subscription=known.body,
        action=named,
        ends=_ends(page, known),
        problems=problems,
        status=problems.status,
    )


def _ends(page: Page, subscription: Answer) -> list[tuple[str, str]]:
    """When it can end, what takes least away first: what ended at once never comes back."""
    end = subscription["ends_at"] or subscription["current_period_end"]
    last = page.writer.day(end)
    with_period = ("period_end", f"With the period that is paid, on {last}")
    is_over = datetime.fromisoformat(end) <= page.writer.now
    return [("now", "Now")] if is_over else [with_period, ("now", "Now")]


def _told(page: Page, action: Action, subscription: Answer) -> str:
    if action is ACTIONS["cancel"] and subscription["status"] != "canceled":
        return f"It goes on until {page.writer.day(subscription['ends_at'])}, and ends then."
    return action.said


def _named(page: Page, action: str) -> Action:
    if action not in ACTIONS:
        raise no_such_route(page.path)
    return ACTIONS[action]
