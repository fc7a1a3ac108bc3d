"""The page System: books, sets of views, what is rebuilt or verified, who does what, limits."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from console.pages import Page
from console.routing import console_router
from console.system.words import DOES, how_far, limits_of, outcome_of, process_of, what_is_done

router = console_router()

PLACE: Final = "/console/system"


@router.get(PLACE)
async def show_system(page: Page) -> Response:
    system = await page.api.get("/v1/system")
    running = system["running"]
    return page.render(
        "system/page.html",
        system=system.body,
        found=system,
        own=system["books"][0],
        parked=[each for each in system["books"] if each["parked"]],
        parked_elsewhere=_elsewhere(system.body),
        running=running,
        running_words=running and what_is_done(running),
        how_far=running and [*how_far(running, page.writer)],
        verified=_told(system["last_verification"], page),
        does=DOES,
        processes=[process_of(each, page.writer) for each in system["processes"] or ()],
        runs=[_told(each, page) for each in system["runs"]],
        limits=limits_of(system["limits"], page.writer),
    )


def _elsewhere(system: Mapping[str, Any]) -> list[str]:
    """Parked books that are not one's own."""
    own = {each["book"] for each in system["books"]}
    return [each for each in system["parked_books"] or () if each not in own]


def _told(run: dict[str, Any] | None, page: Page) -> dict[str, Any] | None:
    return run and {**run, "outcome": outcome_of(run, page.writer)}
