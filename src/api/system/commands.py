"""Commands about the store: have it rebuilt or verified, and end that."""

import asyncio
from functools import partial
from typing import Any, Final

from starlette.responses import Response

from api.http.request import ApiRequest
from api.http.routing import needs, new_router
from api.resources.system_runs import SystemRun, run_of
from api.system.rights import OPERATE, must_operate
from commands.handling.unit_of_work import UnitOfWork
from projections.engine.rebuilding.runs import Kind, Run, RunNotFound

router = new_router("system")
MAY_OPERATE = needs(OPERATE)

_ACCEPTED: Final = 202
_LONGEST_NUMBER: Final = 9


@router.post(
    "/v1/system/rebuild", response_model=SystemRun, status_code=202, dependencies=[MAY_OPERATE]
)
async def rebuild_views(request: ApiRequest) -> Response:
    """Derives every view anew beside those that serve, then switches to them.

    One run is under way at a time. `GET /v1/system` says how far it is; it outlives the process.
    """
    return await _asked(request, "rebuild")


@router.post(
    "/v1/system/verify", response_model=SystemRun, status_code=202, dependencies=[MAY_OPERATE]
)
async def verify_store(request: ApiRequest) -> Response:
    """Proves that no fact was touched, and that the views are what the facts say.

    One run is under way at a time. `GET /v1/system` says how far it is, and what was found.
    """
    return await _asked(request, "verify")


@router.post(
    "/v1/system/runs/{run_number}/cancel", response_model=SystemRun, dependencies=[MAY_OPERATE]
)
async def cancel_run(request: ApiRequest, run_number: str) -> Response:
    """Ends a rebuild or a verification: the views that serve stay as they are."""
    await must_operate(request)
    runs = request.dependencies.system.runs

    async def cancel(_work: UnitOfWork) -> Run:
        return await asyncio.to_thread(runs.cancel, _number(run_number))

    return await request.decide(cancel, show=_show(request))


async def _asked(request: ApiRequest, kind: Kind) -> Response:
    await must_operate(request)
    runs, caller = request.dependencies.system.runs, request.caller

    async def ask(_work: UnitOfWork) -> Run:
        by = partial(runs.ask, kind, organization=caller.org_id, asked_by=caller.id)
        return await asyncio.to_thread(by)

    # Runs are no facts: no append could see to it that a key asks for one of them.
    return await request.decide(ask, show=_show(request), status=_ACCEPTED, reaches_outside=True)


def _show(request: ApiRequest) -> Any:
    def show(_work: UnitOfWork, run: Run) -> dict[str, Any]:
        now = request.dependencies.handler.clock()
        return run_of(run, request.org_id, now, sees_figures=False, told_books=set())

    return show


def _number(typed: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= _LONGEST_NUMBER):
        raise RunNotFound(typed)
    return int(typed)
