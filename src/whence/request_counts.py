"""Request counts: how many were answered and how long it took, in numbers that cost little to keep.

There are as many series as routes, methods and statuses, whatever anybody asks: histograms of each
route would be fifteen times as many.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import accumulate
from math import inf

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, inf)


class RequestCounts(Collector):
    """Counted and collected on the event loop."""

    def __init__(self) -> None:
        self._answered: dict[tuple[str, str, int], int] = defaultdict(int)
        self._seconds: dict[tuple[str, str], float] = defaultdict(float)
        self._took: dict[str, list[int]] = defaultdict(lambda: [0] * len(_BOUNDS))

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Counts one answered request; ``route`` is a template, so that ids name no series."""
        self._answered[method, route, status] += 1
        self._seconds[method, route] += seconds
        self._took[method][bisect_left(_BOUNDS, seconds)] += 1

    def collect(self) -> Iterator[Metric]:
        yield self._requests()
        yield self._route_seconds()
        yield self._request_seconds()

    def _requests(self) -> Metric:
        family = CounterMetricFamily(
            "whence_requests", "Requests answered.", labels=("method", "route", "status")
        )
        for (method, route, status), count in self._answered.items():
            family.add_metric((method, route, str(status)), count)
        return family

    def _route_seconds(self) -> Metric:
        family = CounterMetricFamily(
            "whence_route_seconds",
            "Seconds from the arrival of requests to the end of their answers.",
            labels=("method", "route"),
        )
        for labels, seconds in self._seconds.items():
            family.add_metric(labels, seconds)
        return family

    def _request_seconds(self) -> Metric:
        family = HistogramMetricFamily(
            "whence_request_seconds",
            "Seconds from a request's arrival to the end of its answer.",
            labels=("method",),
        )
        for method, counts in self._took.items():
            buckets = [
                ("+Inf" if bound == inf else str(float(bound)), count)
                for bound, count in zip(_BOUNDS, accumulate(counts), strict=True)
            ]
            spent = sum(seconds for (each, _), seconds in self._seconds.items() if each == method)
            family.add_metric((method,), buckets, spent)
        return family
