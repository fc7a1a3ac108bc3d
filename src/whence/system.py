"""System parts: what this process knows of the store and of itself, joined for the API."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from api.http.system_parts import SystemParts
from ledger.clock import Clock
from ledger.ledger import Ledger
from ledger.processes import Duty
from projections.engine.rebuilding.runs import Runs
from whence.overdue_monitor import OverdueMonitor
from whence.presence import duty
from whence.settings import OFF, Settings
from whence.wiring import Reading, Side


@dataclass(frozen=True)
class Duties:
    """What this process of the service does; looked up anew whenever somebody asks."""

    settings: Settings
    only: Side | None
    reading: Reading

    def __call__(self) -> Sequence[Duty]:
        return (duty("serving"), *self._folding(), *self._billing(), *self._delivery())

    def _folding(self) -> Iterator[Duty]:
        if "folding" not in self.settings.serve_without:
            yield duty("folding", failure=self.reading.projector.progress.failure)

    def _billing(self) -> Iterator[Duty]:
        if self._does("billing"):
            yield duty("billing")

    def _delivery(self) -> Iterator[Duty]:
        if self._does("delivery"):
            yield duty("delivery")

    def _does(self, part: str) -> bool:
        return self.only != "queries" and part not in self.settings.serve_without


def system_parts(
    settings: Settings,
    ledger: Ledger,
    reading: Reading,
    duties: Callable[[], Sequence[Duty]],
    overdue: OverdueMonitor,
    *,
    clock: Clock,
) -> SystemParts:
    return SystemParts(
        generations=reading.generations,
        runs=Runs(ledger.engine, clock),
        duties=duties,
        is_billed_late=lambda: overdue.is_late,
        operators=frozenset(settings.system_operators),
        limits={
            "requests_of_a_key": _rate(settings.rate_limit_per_key),
            "requests_of_strangers": _rate(settings.rate_limit_public),
            "connections": settings.connections,
            "past_facts": settings.past_facts,
            "past_facts_per_minute": settings.past_facts_per_minute,
            "past_memory_bytes": settings.past_memory_bytes,
        },
    )


def _rate(rule: str) -> str | None:
    return None if rule == OFF else rule
