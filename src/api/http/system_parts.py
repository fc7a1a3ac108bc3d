"""System parts: what a process knows of the store and of itself, for those who look after it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from projections.engine.generations.generations import Generations
from projections.engine.rebuilding.runs import Runs

# In the place of an organization's id: any of them.
ANYBODY: Final = "*"

Work = Literal["serving", "folding", "billing", "delivery"]
How = Literal["working", "failing", "late", "elsewhere"]


@dataclass(frozen=True)
class Duty:
    """What this process does, or leaves to others; `late` is what nobody does in time."""

    work: Work
    state: How


@dataclass(frozen=True, kw_only=True)
class SystemParts:
    """``duties`` are looked up when asked for; ``limits`` are called as on the wire.

    ``operators`` are the organizations that may have a store rebuilt and verified that is not
    theirs alone.
    """

    generations: Generations
    runs: Runs
    duties: Callable[[], Sequence[Duty]] = tuple
    limits: Mapping[str, Any]
    operators: frozenset[str] = frozenset()

    def let_operate(self, org_id: str) -> bool:
        return bool(self.operators & {org_id, ANYBODY})
