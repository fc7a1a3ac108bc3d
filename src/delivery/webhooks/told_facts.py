"""Told facts: what of a book an endpoint is to be told, in order, each with its lane."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from delivery.cursors import Behind
from delivery.webhooks.lanes import Delivery
from delivery.webhooks.services import Services
from domain.event_types import TOPICS, customer_of, type_of, types_wanted
from domain.fact import Fact
from ledger.append import StoredFact

_PAGE: Final = 256
_MOST_REMEMBERED: Final = 10_000


class Page(NamedTuple):
    """What is to be told of the facts up to and with a position."""

    upto: int
    deliveries: list[Delivery]


class ToldFacts:
    """Reads on from where it was; remembers of whom it told last, and asks for the others.

    What was history when it was recorded is passed over, except up to ``history_upto``.
    """

    def __init__(self, services: Services, book: str, *, history_upto: int) -> None:
        self.history_upto = history_upto
        self._services = services
        self._book = book
        self._events: list[str] | None = None
        self._topics: frozenset[str] = frozenset()
        self._told: OrderedDict[str, int] = OrderedDict()

    def choose(self, events: list[str]) -> None:
        """What is told from now on; no events: all. Of whom it told before counts no more then."""
        if events != self._events:
            types = set(types_wanted(events))
            self._events = events
            self._topics = frozenset(each for each in TOPICS if type_of(each) in types)
            self._told.clear()

    def read(self, *, after: int, upto: int, done: Collection[int]) -> Page:
        """Blocks. Without what is done already, as far as the next facts go."""
        limit = min(_PAGE, upto - after)
        read = self._services.ledger.read(self._book, after=after, upto=upto, limit=limit)
        if not read:
            return Page(after, [])
        wanted = [each for each in read if each.topic in self._topics]
        facts = [self._services.mapper.decode(each) for each in wanted]
        customers = [customer_of(each) for each in facts]
        self._learn({each for each in customers if each}, before=read[0].position)
        deliveries = [
            Delivery(each, customer or each.stream, previous=self._next_of(customer, each))
            for each, customer in zip(wanted, customers, strict=True)
        ]
        self._forget_the_oldest()
        told = [
            each
            for each, fact in zip(deliveries, facts, strict=True)
            if each.position not in done and not self._passes_over(each.position, fact)
        ]
        return Page(read[-1].position, told)

    def read_behind(self, rows: Iterable[Behind]) -> list[Delivery]:
        """Blocks. What was left behind, read again."""
        behind = {row.position: row for row in rows}
        deliveries = []
        for stored in self._services.ledger.read_at(self._book, behind.keys()):
            row = behind[stored.position]
            customer = customer_of(self._services.mapper.decode(stored))
            asked = {customer} if customer else set()
            before = self._services.previous(self._book, asked, self._topics, row.position)
            previous = before.get(customer or "")
            deliveries.append(Delivery(stored, row.lane, row.attempts, previous, is_behind=True))
        return deliveries

    def _passes_over(self, position: int, fact: Fact) -> bool:
        return position > self.history_upto and fact.is_history

    def _learn(self, customers: set[str], *, before: int) -> None:
        unknown = customers - self._told.keys()
        known = self._services.previous(self._book, unknown, self._topics, before)
        self._told.update({each: known.get(each, 0) for each in unknown})

    def _next_of(self, customer: str | None, stored: StoredFact) -> int | None:
        if customer is None:
            return None
        previous = self._told[customer]
        self._told[customer] = stored.position
        self._told.move_to_end(customer)
        return previous or None

    def _forget_the_oldest(self) -> None:
        while len(self._told) > _MOST_REMEMBERED:
            self._told.popitem(last=False)
