"""Prometheus metrics: counts and times, in a registry of their own."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from delivery.progress import DeliveryProgress
from ledger.waiting import Result
from projections.engine.live.progress import PastProgress, Progress
from whence.request_counts import RequestCounts

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class Metrics:
    """The measurements of one process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.registry = registry
        self._requests = RequestCounts()
        registry.register(self._requests)
        self.observe = self._requests.observe
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

        self.billed = Counter(
            "whence_billed",
            "Renewals and retries that were due, by what became of them.",
            ("outcome",),
            registry=registry,
        )

        self.actions = Counter(
            "whence_workflow_actions",
            "Tries of what workflows say, by what became of them.",
            ("outcome",),
            registry=registry,
        )

        self.overdue_seconds = Gauge(
            "whence_billing_overdue_seconds",
            "For how long the oldest renewal or retry has been due; NaN until it was looked.",
            registry=registry,
        )
        self.overdue_seconds.set(math.nan)

    def count_action(self, state: str) -> None:
        """Counts one try of an action of a workflow, by what came of it."""
        self.actions.labels(state).inc()

    def count_billed(self, outcome: str) -> None:
        """Counts one renewal or one retry: billed, or failed over an error of ours."""
        self.billed.labels(outcome).inc()

    def count_batch(self, results: Sequence[Result], seconds: float) -> None:
        """Counts the commands the ledger wrote together, by what became of each."""
        self.batch_commands.observe(len(results))
        self.commit_seconds.observe(seconds)
        for result in results:
            self.appends.labels(type(result).__name__).inc()

    def watch(self, progress: Progress) -> None:
        """Shows how far a projector is, read from it whenever somebody asks."""
        self.registry.register(_Projection(progress))

    def watch_past(self, progress: PastProgress) -> None:
        """Shows what was asked of the past, and what it took, read whenever somebody asks."""
        self.registry.register(_Past(progress))

    def watch_delivery(self, progress: Callable[[], DeliveryProgress]) -> None:
        """Shows how much waits to be told, read whenever somebody asks."""
        self.registry.register(_Delivery(progress))

    def text(self) -> bytes:
        """All of them, in the exposition format of Prometheus."""
        return generate_latest(self.registry)


class _Projection(Collector):
    """The numbers a projector keeps anyway, in the form the registry collects."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def collect(self) -> Iterator[Metric]:
        progress = self._progress
        yield CounterMetricFamily(
            "whence_facts_folded", "Facts folded into the views.", value=progress.facts
        )
        yield CounterMetricFamily(
            "whence_fold_seconds",
            "Seconds spent folding and writing views.",
            value=progress.folding_seconds,
        )
        yield GaugeMetricFamily(
            "whence_projection_lag_facts",
            "Facts recorded that the views do not show yet, as this process saw last.",
            value=progress.lag,
        )
        yield GaugeMetricFamily(
            "whence_parked_books",
            "Books whose projection waits at a fact that cannot be folded, as seen last.",
            value=len(progress.parked),
        )


class _Delivery(Collector):
    """What the deliverer counts anyway."""

    def __init__(self, progress: Callable[[], DeliveryProgress]) -> None:
        self._progress = progress

    def collect(self) -> Iterator[Metric]:
        progress = self._progress()
        sent = CounterMetricFamily(
            "whence_deliveries",
            "Webhooks sent, by what came of it.",
            labels=("outcome",),
        )
        for outcome in ("delivered", "failed", "returned"):
            sent.add_metric((outcome,), progress.sent[outcome])
        yield sent
        yield GaugeMetricFamily(
            "whence_delivery_backlog_facts",
            "Recorded facts that webhook endpoints have not been led past, as seen last.",
            value=progress.backlog,
        )
        yield GaugeMetricFamily(
            "whence_deliveries_behind",
            "Webhooks that are tried again, or wait for one that is, as seen last.",
            value=progress.behind,
        )
        yield GaugeMetricFamily(
            "whence_endpoints_failing",
            "Webhook endpoints that nothing has reached since something failed, as seen last.",
            value=progress.failing,
        )
        yield GaugeMetricFamily(
            "whence_delivery_oldest_waiting_seconds",
            "For how long the oldest fact has waited that an endpoint waits for, as seen last.",
            value=_seconds_since(progress.oldest_waiting_at),
        )


def _seconds_since(moment: str | None) -> float:
    if moment is None:
        return 0.0
    return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())


class _Past(Collector):
    """What the views of the past count anyway."""

    def __init__(self, progress: PastProgress) -> None:
        self._progress = progress

    def collect(self) -> Iterator[Metric]:
        progress = self._progress
        yield CounterMetricFamily(
            "whence_past_questions", "Questions about the past.", value=progress.questions
        )
        yield CounterMetricFamily(
            "whence_past_hits",
            "Questions about the past for which nothing had to be folded.",
            value=progress.hits,
        )
        yield CounterMetricFamily(
            "whence_past_facts_folded",
            "Facts folded for questions about the past.",
            value=progress.facts,
        )
        yield CounterMetricFamily(
            "whence_past_fold_seconds",
            "Seconds spent folding for questions about the past.",
            value=progress.folding_seconds,
        )
