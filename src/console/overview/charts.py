"""Charts of the overview: the answers of the API as series."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from console.api_client import Answer
from console.charts.series import Part, Series
from console.overview.spans import Granularity
from console.writing import Writer

# In the order in which they stand, and the colour of each: one colour means one thing.
SOURCES: Final = {"api": "API", "payment_link": "Payment links", "subscription": "Subscriptions"}
PAYERS: Final = {
    "new_customers": "First payments of new customers",
    "returning_payments": "Payments of returning customers",
    "guest_payments": "Payments without a customer",
}
ATTEMPTS: Final = {"succeeded": "Succeeded", "failed": "Failed"}
_HUES: Final = {
    "api": 1,
    "payment_link": 2,
    "subscription": 3,
    "new_customers": 4,
    "returning_payments": 5,
    "guest_payments": 8,
    "succeeded": 6,
    "failed": 7,
}


def revenue_by_source(series: Answer, write: Writer, granularity: Granularity) -> Series:
    def amounts(source: str) -> Iterable[int]:
        return _amounts(series, source)

    return _series(series, SOURCES, amounts, write, granularity, series["currency"])


def source_totals(series: Answer, before: Answer) -> Iterable[tuple[str, str, int, int]]:
    """Each source, what it is called, what it brought, and what it had brought before."""
    for source, label in SOURCES.items():
        yield source, label, sum(_amounts(series, source)), sum(_amounts(before, source))


def attempts(series: Answer, write: Writer, granularity: Granularity) -> Series:
    def counts(outcome: str) -> Iterable[int]:
        return (bucket["totals"][outcome] for bucket in series["buckets"])

    return _series(series, ATTEMPTS, counts, write, granularity)


def payers(series: Answer, write: Writer, granularity: Granularity) -> Series:
    def counts(name: str) -> Iterable[int]:
        return (bucket[name] for bucket in series["buckets"])

    return _series(series, PAYERS, counts, write, granularity)


def over(series: Answer, end: datetime, at: datetime) -> int:
    """How many of the buckets are over: what is not would draw a line to the ground."""
    starts = [datetime.fromisoformat(bucket["start"]) for bucket in series["buckets"]]
    return sum(ends <= at for ends in [*starts[1:], end])


def column(series: Answer, name: str, *, first: int) -> list[int]:
    """A total of each of the first buckets."""
    return [bucket["totals"][name] for bucket in series["buckets"][:first]]


def rates(series: Answer, *, first: int) -> list[int]:
    """How many of a thousand attempts succeeded in each of them in which any was decided."""
    decided = (each for each in series["buckets"][:first] if any(_outcomes(each)))
    return [round(1_000 * each["success_rate"]) for each in decided]


def _amounts(series: Answer, source: str) -> Iterable[int]:
    """Of each bucket."""
    for bucket in series["buckets"]:
        yield next(each["amount"] for each in bucket["by_source"] if each["source"] == source)


def _outcomes(bucket: Any) -> Iterable[int]:
    return (bucket["totals"][name] for name in ATTEMPTS)


def _series(
    answer: Answer,
    names: dict[str, str],
    figures: Callable[[str], Iterable[int]],
    write: Writer,
    granularity: Granularity,
    currency: str | None = None,
) -> Series:
    parts = (
        Part(name=label, figures=tuple(figures(name)), hue=_HUES[name])
        for name, label in names.items()
    )
    return Series(
        buckets=tuple(write.bucket(each["start"], granularity) for each in answer["buckets"]),
        parts=tuple(parts),
        currency=currency,
    )
