"""Demo acts: what happens at one moment of the made-up year, of itself or because it is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.fact import Entity
from whence.demo.commands import Decide


@dataclass(frozen=True, slots=True)
class Act:
    """Something one aggregate does at one moment; done in order, the acts are the history."""

    at: datetime
    entity_id: str
    do: Callable[[Entity | None], Entity]


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that is asked of the service at one moment, through a command."""

    at: datetime
    decide: Decide
