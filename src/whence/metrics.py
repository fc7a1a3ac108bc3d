"""What the service tells a monitor: counts and times, in a registry of its own."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """The measurements of one process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.registry = registry
        self.requests = Counter(
            "whence_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "whence_request_seconds",
            "Seconds from a request's arrival to the end of its answer.",
            ("method", "route"),
            buckets=_FAST,
            registry=registry,
        )
        self.appends = Counter(
            "whence_appends",
            "Commands the ledger answered, by outcome.",
            ("outcome",),
            registry=registry,
        )
        self.batch_commands = Histogram(
            "whence_batch_commands",
            "Commands committed together.",
            buckets=_SIZES,
            registry=registry,
        )
        self.commit_seconds = Histogram(
            "whence_commit_seconds",
            "Seconds to write and commit a batch.",
            buckets=_FAST,
            registry=registry,
        )
        self.facts_folded = Counter(
            "whence_facts_folded", "Facts folded into the views.", registry=registry
        )
        self.fold_seconds = Counter(
            "whence_fold_seconds", "Seconds spent folding and writing views.", registry=registry
        )
        self.lag = Gauge(
            "whence_projection_lag_facts",
            "Facts recorded that the views do not show yet, over all books.",
            registry=registry,
        )
        self.parked = Gauge(
            "whence_parked_books",
            "Books whose projection waits at a fact it cannot fold.",
            registry=registry,
        )

    def text(self) -> bytes:
        """All of them, in the exposition format of Prometheus."""
        return generate_latest(self.registry)


class Measured:
    """An ASGI application whose answers are counted and timed."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = "500"
        began = time.perf_counter()

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            # The template of the path, so that ids do not become names of time series.
            route = getattr(scope.get("route"), "path", "unknown")
            method = scope["method"]
            self._metrics.requests.labels(method, route, status).inc()
            self._metrics.request_seconds.labels(method, route).observe(time.perf_counter() - began)
