"""Demo acts: what happens at one moment of the made-up year, of itself, asked or looked at."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.fact import Entity, Fact
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


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody looks at something, which needs no decision."""

    at: datetime
    told: Callable[[], Fact]
