"""System parts: what a process knows of the store and of itself, for those who look after it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.processes import Duty
from projections.engine.generations.generations import Generations
from projections.engine.rebuilding.runs import Runs

# In the place of an organization's id: any of them.
ANYBODY: Final = "*"


@dataclass(frozen=True, kw_only=True)
class SystemParts:
    """``duties`` are those of this process; ``limits`` are called as on the wire.

    It ``is_billed_late`` while what has long been due is not billed. ``operators`` are the
    organizations that may have a store rebuilt and verified that is not theirs alone.
    """

    generations: Generations
    runs: Runs
    duties: Callable[[], Sequence[Duty]] = tuple
    is_billed_late: Callable[[], bool] = bool
    limits: Mapping[str, Any]
    operators: frozenset[str] = frozenset()

    def let_operate(self, org_id: str) -> bool:
        return bool(self.operators & {org_id, ANYBODY})
