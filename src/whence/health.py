"""Health: `/readyz` for those who route, `/metrics` to watch."""

from collections.abc import Callable
from functools import partial
from hmac import compare_digest
from typing import Any, Final

import orjson
from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response

from api.http.errors import ApiError
from api.http.request import ApiRequest
from api.http.routing import for_browsers, new_router
from api.resources.health import Readiness
from delivery.progress import DeliveryProgress
from ledger.ledger import Ledger
from projections.engine.generations.generation import Generation
from projections.engine.live.projector import Projector
from whence.metrics import Metrics
from whence.readiness import Looks, readiness

_JSON = "application/json"
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_NOT_READY: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": Readiness, "description": "It cannot do its work now"}
}
_TOKEN_NEEDED: Final = ApiError(
    401,
    "unauthorized",
    "unauthorized",
    "a token is needed, as Authorization: Bearer",
    headers={"WWW-Authenticate": "Bearer"},
)


def add_health(
    app: FastAPI,
    ledger: Ledger,
    projector: Projector,
    serving: Callable[[], Generation],
    metrics: Metrics,
    *,
    deliveries: Callable[[], DeliveryProgress] | None = None,
    token: str = "",
) -> None:
    """Adds the two routes; ``serving`` raises ViewsRebuilding while no views fit the code.

    ``deliveries`` says how much waits to be told, where this process does that. With a ``token``
    the metrics are told to whoever shows it.
    """
    looks = Looks(partial(readiness, ledger, projector, serving, deliveries))

    async def readyz(request: ApiRequest) -> Response:  # noqa: ARG001 (nothing is asked)
        """Whether this process can do its work: load balancers ask it; 503 while it cannot.

        A parked book and a rebuild leave it ready: all the rest goes on.
        """
        found = await looks.found()
        status = 200 if found["status"] == "ready" else 503
        return Response(orjson.dumps(found), status, media_type=_JSON)

    async def show_metrics(request: ApiRequest) -> Response:
        """What there is to watch, as Prometheus reads it; where a token is set, to who shows it."""
        if token and not _shows(request, token):
            raise _TOKEN_NEEDED
        return Response(metrics.text(), media_type=_PROMETHEUS)

    router = new_router("service")
    router.get("/readyz", response_model=Readiness, responses=_NOT_READY)(readyz)
    router.get(
        "/metrics",
        response_class=PlainTextResponse,
        responses={401: {}},
        dependencies=[for_browsers()],
    )(show_metrics)
    # Some load balancers ask with HEAD.
    router.head("/readyz", include_in_schema=False)(readyz)
    router.head("/metrics", include_in_schema=False)(show_metrics)
    app.router.routes.extend(router.routes)


def _shows(request: ApiRequest, token: str) -> bool:
    shown = request.request_state.header(b"authorization") or ""
    return compare_digest(shown.encode("latin-1"), f"Bearer {token}".encode())
