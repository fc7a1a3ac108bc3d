"""Subjects: what a fact was about, right after it, and who its customer is now."""

import sys
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar, cast

from domain.customer import Customer
from domain.event_types import customer_of
from domain.fact import Entity, Fact
from ledger.append import StoredFact
from ledger.facts import FactMapper
from ledger.ledger import Ledger

K = TypeVar("K")
V = TypeVar("V")

_MOST_REMEMBERED = 4096

# A stream and one of its versions; parts of streams, each after a version and up to another.
_State = tuple[str, int]
_Parts = dict[str, tuple[int, int]]
_Histories = Mapping[str, Sequence[Fact]]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A fact that others are told of. Nobody changes what it refers to: others hold it too.

    ``subject`` is what it is about, as it was right after it. ``customer`` is whom it is about,
    as they are known now, deleted or not; None when it is about nobody who is known.
    """

    stored: StoredFact
    fact: Fact
    subject: Entity
    customer: Customer | None


class Subjects:
    """Follows the streams that are told of, several thousand states of them in memory.

    For any number of threads. What follows what was seen before is not read again; of customers
    the ledger is asked each time whether there is anything new.
    """

    def __init__(self, ledger: Ledger, *, most_remembered: int = _MOST_REMEMBERED) -> None:
        self._ledger = ledger
        self._mapper = FactMapper()
        self._states: _Remembered[tuple[str, _State], Entity] = _Remembered(most_remembered)
        self._customers: _Remembered[tuple[str, str], Customer] = _Remembered(most_remembered)

    def after(self, book: str, stored: Sequence[StoredFact]) -> list[Occurrence]:
        """What each of the facts was about, in their order; of facts that `type_of` has a name for.

        Without those that are gone with their book. Asks the ledger once, with one statement.
        """
        facts = [self._mapper.decode(each) for each in stored]
        states = self._known_states(book, facts)
        known = self._known_customers(book, facts)
        histories = self._histories(book, _unread(facts, states, known))
        for fact in facts:
            self._follow(book, fact, states, histories)
        customers = {each: self._as_now(book, each, known[each], histories) for each in known}
        return [
            Occurrence(each, fact, states[state], customers.get(customer_of(fact) or ""))
            for each, fact in zip(stored, facts, strict=True)
            if (state := _state(fact)) in states
        ]

    def _known_states(self, book: str, facts: Iterable[Fact]) -> dict[_State, Entity]:
        known: dict[_State, Entity] = {}
        for fact in facts:
            stream, version = _state(fact)
            for state in ((stream, version - 1), (stream, version)):
                found = self._states.get((book, state))
                if found is not None:
                    known[state] = found
        return known

    def _known_customers(self, book: str, facts: Iterable[Fact]) -> dict[str, Customer | None]:
        whom = {customer_id for fact in facts if (customer_id := customer_of(fact))}
        return {each: self._customers.get((book, each)) for each in whom}

    def _histories(self, book: str, parts: _Parts) -> _Histories:
        histories: dict[str, list[Fact]] = defaultdict(list)
        for each in self._ledger.read_parts(book, parts):
            histories[each.stream].append(self._mapper.decode(each))
        return histories

    def _follow(
        self, book: str, fact: Fact, states: dict[_State, Entity], histories: _Histories
    ) -> None:
        stream, version = state = _state(fact)
        if state in states:
            return
        before = states.get((stream, version - 1))
        if before is not None or version == 1:
            after = _advanced(before, [fact])
        else:
            history = histories.get(stream, ())
            after = _advanced(None, [each for each in history if _state(each) <= state])
        if after is not None:
            states[state] = after
            self._states.put((book, state), after)

    def _as_now(
        self, book: str, customer_id: str, known: Customer | None, histories: _Histories
    ) -> Customer | None:
        version = known.version if known else 0
        history = histories.get(customer_id, ())
        now = _advanced(known, [each for each in history if each.originator_version > version])
        if now is not None and now is not known:
            self._customers.put((book, customer_id), cast(Customer, now))
        return cast(Customer | None, now)


class _Remembered(Generic[K, V]):
    """The most recently used values."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: K, value: V) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)


def _state(fact: Fact) -> _State:
    return fact.originator_id, fact.originator_version


def _advanced(entity: Entity | None, facts: Sequence[Fact]) -> Entity | None:
    """What became of it by these facts; what is given stays as it is."""
    if entity is not None and facts:
        entity = entity.copy()
    for fact in facts:
        entity = fact.mutate(entity)
    return entity


def _unread(
    facts: Iterable[Fact],
    states: Iterable[_State],
    customers: Mapping[str, Customer | None],
) -> _Parts:
    """What the ledger must be asked for: streams from their beginning, customers since known."""
    reached, parts = set(states), _Parts()
    for fact in facts:
        stream, version = state = _state(fact)
        if version > 1 and reached.isdisjoint({state, (stream, version - 1)}):
            parts[stream] = (0, version)
        reached.add(state)
    for customer_id, known in customers.items():
        after = 0 if known is None or customer_id in parts else known.version
        parts[customer_id] = (after, sys.maxsize)
    return parts
