"""Fact serialization: a fact becomes text, and the text becomes the fact again.

Stored data is plain JSON that a stranger can read. Who, which version and when are columns of the
ledger, not part of the data. Topics name classes through the library's registry, so whoever reads
facts has imported the modules that define them.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any, cast, get_args, get_type_hints

import orjson
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    Mapper,
    MapperDeserialisationError,
    StoredEvent,
    Transcoder,
)
from eventsourcing.utils import get_topic, resolve_topic

from domain.fact import Fact
from ledger.append import NUMBER, NewFact, StoredFact
from ledger.clock import written

__all__ = ["FactMapper", "FactTranscoder", "NewFact", "RecordedEvent", "StoredFact"]

_PLAIN = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


def _plain(value: object) -> str:
    if type(value) is datetime:
        return written(value)
    raise TypeError(f"a {type(value).__name__} is not plain JSON")


class FactTranscoder(Transcoder):
    """Plain JSON, with moments as RFC 3339 text in UTC; types are not written down."""

    def encode(self, obj: Any) -> bytes:
        return orjson.dumps(obj, _plain, _PLAIN)

    def decode(self, data: bytes) -> Any:
        return orjson.loads(data)


@dataclass(frozen=True)
class RecordedEvent(StoredEvent):
    """The library's form of a stored fact, with the moment it was recorded."""

    recorded_at: str


class FactMapper(Mapper[str]):
    """Between facts and stored text, both for the ledger and in the library's own terms."""

    def __init__(self) -> None:
        super().__init__(FactTranscoder())
        self._forms: dict[str, _Form] = {}

    def encode(self, fact: Fact) -> NewFact:
        """Raises TypeError for a value that is not plain JSON."""
        state = vars(fact).copy()
        stream, version = state.pop("originator_id"), state.pop("originator_version")
        del state["timestamp"]
        kind = type(fact)
        class_version = getattr(kind, "class_version", 1)
        if class_version > 1:
            state["class_version"] = class_version
        counted_in: str | None = getattr(kind, "COUNTED_IN", None)
        if counted_in is not None:
            state["number"] = orjson.Fragment(NUMBER)
        data = self.transcoder.encode(state).decode()
        return NewFact(stream, version, get_topic(kind), data, counted_in)

    def decode(self, stored: StoredFact) -> Fact:
        """The fact, as its class is today. ``timestamp`` is when it was recorded.

        Raises the library's TopicError for a topic no imported class has, and
        MapperDeserialisationError for data that is not JSON.
        """
        return self._restored(
            stored.stream, stored.version, stored.topic, stored.data, stored.recorded_at
        )

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        fact = self.encode(cast(Fact, domain_event))
        return StoredEvent(fact.stream, fact.version, fact.topic, fact.data.encode())

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """Raises MapperDeserialisationError for an event that was not read from a book."""
        if not isinstance(stored_event, RecordedEvent):
            raise MapperDeserialisationError("only what was read from a book says when it was")
        return self._restored(
            str(stored_event.originator_id),
            stored_event.originator_version,
            stored_event.topic,
            stored_event.state.decode(),
            stored_event.recorded_at,
        )

    def _restored(self, stream: str, version: int, topic: str, data: str, recorded_at: str) -> Fact:
        form = self._forms.get(topic)
        if form is None:
            form = self._forms[topic] = _form_of(resolve_topic(topic))
        try:
            state = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise MapperDeserialisationError(
                f"{topic} {stream} {version} is not JSON: {error}"
            ) from error
        state["originator_id"] = stream
        state["originator_version"] = version
        state["timestamp"] = recorded_at
        if form.version > 1 or "class_version" in state:
            form.upcast(state)
        for moment in form.moments:
            value = state.get(moment)
            if type(value) is str:
                state[moment] = datetime.fromisoformat(value)
        fact = form.new()
        # The class is frozen; its own `__init__` would check again what was checked at birth.
        object.__setattr__(fact, "__dict__", state)
        return fact


class _Form:
    """What the facts of one kind look like today."""

    __slots__ = ("_kind", "moments", "new", "version")

    def __init__(self, kind: type[Fact]) -> None:
        self._kind = kind
        self.new = partial(object.__new__, kind)
        self.version: int = getattr(kind, "class_version", 1)
        # The fields declared as ``datetime`` or ``datetime | None``.
        self.moments = tuple(
            name
            for name, hint in get_type_hints(kind).items()
            if hint is datetime or datetime in get_args(hint)
        )

    def upcast(self, state: dict[str, Any]) -> None:
        for written_as in range(state.pop("class_version", 1), self.version):
            getattr(self._kind, f"upcast_v{written_as}_v{written_as + 1}")(state)


# To look at the types of a kind takes longer than to restore a hundred facts of it.
_form_of = cache(_Form)
