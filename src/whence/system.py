"""System parts: what this process knows of the store and of itself, joined for the API."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.http.system_parts import Duty, How, SystemParts
from ledger.clock import Clock
from ledger.ledger import Ledger
from projections.engine.rebuilding.runs import Runs
from whence.overdue_monitor import OverdueMonitor
from whence.settings import OFF, Settings
from whence.wiring import Reading, Side


@dataclass(frozen=True)
class Duties:
    """Looked up anew whenever somebody asks."""

    settings: Settings
    only: Side | None
    reading: Reading
    overdue: OverdueMonitor

    def __call__(self) -> Sequence[Duty]:
        return (
            Duty("serving", "working"),
            Duty("folding", self._folding),
            Duty("billing", self._billing),
            Duty("delivery", "working" if self._does("delivery") else "elsewhere"),
        )

    @property
    def _folding(self) -> How:
        if "folding" in self.settings.serve_without:
            return "elsewhere"
        return "failing" if self.reading.projector.progress.failure else "working"

    @property
    def _billing(self) -> How:
        if self.overdue.is_late:
            return "late"
        return "working" if self._does("billing") else "elsewhere"

    def _does(self, part: str) -> bool:
        return self.only != "queries" and part not in self.settings.serve_without


def system_parts(
    settings: Settings,
    ledger: Ledger,
    reading: Reading,
    duties: Callable[[], Sequence[Duty]],
    *,
    clock: Clock,
) -> SystemParts:
    return SystemParts(
        generations=reading.generations,
        runs=Runs(ledger.engine, clock),
        duties=duties,
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
