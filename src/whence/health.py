"""Is the service ready, and how is it doing? `/readyz` for those who route, `/metrics` to watch."""

from collections.abc import Callable
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from ledger.ledger import Ledger
from projections.generation import Generation
from projections.generations import ViewsRebuilding
from projections.projector import Projector
from whence.metrics import Metrics

_JSON = "application/json"
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def add_health(
    app: FastAPI,
    ledger: Ledger,
    projector: Projector,
    serving: Callable[[], Generation],
    metrics: Metrics,
) -> None:
    """Adds the two routes; ``serving`` raises ViewsRebuilding while no views fit the code."""

    async def readyz() -> Response:
        found = await run_in_threadpool(_readiness, ledger, projector, serving)
        status = 200 if found["status"] == "ready" else 503
        return Response(orjson.dumps(found), status, media_type=_JSON)

    async def show_metrics() -> Response:
        return Response(metrics.text(), media_type=_PROMETHEUS)

    # Some load balancers ask with HEAD.
    for path, answer in (("/readyz", readyz), ("/metrics", show_metrics)):
        app.add_api_route(path, answer, methods=["GET", "HEAD"], include_in_schema=False)


def _readiness(
    ledger: Ledger, projector: Projector, serving: Callable[[], Generation]
) -> dict[str, Any]:
    try:
        heads = ledger.heads()
    except Exception as error:  # noqa: BLE001 (whatever keeps the store away, it is not ready)
        return {"status": "not ready", "store": "unreachable", "failure": type(error).__name__}
    progress = projector.progress
    behind = [max(0, head - progress.position(book)) for book, head in heads.items()]
    return {
        # Neither a parked book nor a rebuild makes the service unready: all the rest goes on.
        "status": "ready" if progress.failure is None else "not ready",
        "store": "reachable",
        "books": len(heads),
        "views": {
            "state": _state(serving),
            "head": sum(heads.values()),
            "behind": sum(behind),
            "failure": progress.failure,
        },
        "parked": [
            {
                "book": book,
                "position": checkpoint.parked_position,
                "error": checkpoint.parked_error,
            }
            for book, checkpoint in sorted(progress.parked.items())
        ],
    }


def _state(serving: Callable[[], Generation]) -> str:
    try:
        serving()
    except ViewsRebuilding:
        return "rebuilding"
    return "serving"
