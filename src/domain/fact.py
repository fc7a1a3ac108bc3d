"""Facts and aggregates: what every recorded fact has in common, and how one is recorded."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from inspect import signature
from typing import Any, ClassVar, Final, Self

from eventsourcing.domain import (
    BaseAggregate,
    CanInitAggregate,
    CanMutateAggregate,
    MetaDomainEvent,
)
from eventsourcing.utils import resolve_topic

from domain.errors import NotFound

_IMPORTED_AFTER: Final = timedelta(days=1)


def is_imported(occurred_at: datetime, recorded_at: datetime) -> bool:
    """Whether it happened long before it was recorded."""
    return recorded_at - occurred_at > _IMPORTED_AFTER


@dataclass(frozen=True, kw_only=True)
class Fact(CanMutateAggregate[str], metaclass=MetaDomainEvent):
    """Something that happened, in the past tense, never changed again.

    ``originator_id`` and ``originator_version`` name the stream and the place in it.
    ``timestamp`` is when the ledger recorded the fact; it is a column of the ledger, not stored
    with the fact. ``occurred_at`` is when it happened in the world: they differ for imports.
    """

    TOPIC: ClassVar[str]

    originator_id: str
    originator_version: int
    timestamp: datetime
    occurred_at: datetime

    @property
    def is_history(self) -> bool:
        """Whether it happened long before it was recorded: an import tells nobody of it."""
        return is_imported(self.occurred_at, self.timestamp)


_NOTHING: frozenset[tuple[str, str]] = frozenset()


class FirstFact(Fact, CanInitAggregate[str]):
    """The fact that begins a stream."""

    originator_topic: str

    # As in the library, which asks anew every time which of the values an `__init__` takes.
    def mutate(self, aggregate: Any) -> Any:
        """The aggregate it begins."""
        assert aggregate is None  # noqa: S101 (a stream begins once)
        kind: type[Entity] = resolve_topic(self.originator_topic)
        begun = kind.__new__(kind)
        begun.__base_init__(self.originator_id, self.originator_version, self.timestamp)
        values = vars(self)
        begun.__init__(**{name: values[name] for name in _taken_by(kind)})  # type: ignore[misc]
        self.apply(begun)
        return begun


@cache
def _taken_by(kind: type["Entity"]) -> tuple[str, ...]:
    """What the beginning of an aggregate takes from its first fact."""
    return tuple(signature(kind.__init__).parameters)[1:]


class Counted(Fact):
    """A fact that gets a `number` as it is recorded: its place among those counted in a stream.

    Until then it has none. What counts it stands before it in the append, and the ledger gives
    that its version.
    """

    COUNTED_IN: ClassVar[str]
    number: int | None

    def counting(self) -> Fact:
        """What is recorded in the stream it is counted in."""
        raise NotImplementedError


class Entity(BaseAggregate[str]):
    """An aggregate with a text id, whose history is a stream of facts.

    An evolve method puts new values in the place of old ones and never changes a list or a
    dictionary it finds: so a copy is as cheap as its attributes, and shares nothing that moves.
    """

    class Event(Fact):
        """What the facts of one kind of aggregate have in common."""

    @classmethod
    def not_found(cls, stream: str) -> NotFound:
        """What to answer when there is no such aggregate."""
        return NotFound(f"no {cls.__name__.lower()} {stream}")

    @property
    def wakes_at(self) -> datetime | None:
        """When something must be done about it though nobody asks; None: not by itself."""
        return None

    @property
    def found_by(self) -> frozenset[tuple[str, str]]:
        """Kinds and values it is found by as it stands, each value its own; moved like a wake."""
        return _NOTHING

    def copy(self) -> Self:
        """A copy to decide on: what is recorded on it is not recorded on the original."""
        twin = object.__new__(type(self))
        # Not `copy.copy`: it asks about protocols no entity has, several times for each command.
        twin.__dict__ = self.__dict__ | {"_pending_events": []}
        return twin

    def _record(
        self, fact: type[Fact], now: datetime, occurred_at: datetime | None = None, **values: Any
    ) -> None:
        self.trigger_event(fact, timestamp=now, occurred_at=occurred_at or now, **values)
