"""Source of an archive: where all that is kept of one customer is read, step by step."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from sqlalchemy import Connection

from domain.book import Book
from domain.customer import Customer
from domain.fact import Entity
from domain.money import shown
from domain.payer_details import PayerDetails
from domain.payment import Payment
from ledger.append import StoredFact
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.customer_events import LINK_TOPICS, positions_of_customer
from projections.engine.querying.pages import EXPORT_STEP

# What a row about a fact says of where it comes from, and who was at it.
ORIGIN: Final = ("position", "topic", "recorded_at", "actor", "key_id", "request_id")

_MONEY_COLUMNS: Final = frozenset(
    {
        "amount",
        "net_amount",
        "captured_amount",
        "refunded_amount",
        "disputed_amount",
        "min_amount",
        "max_amount",
    }
)
_PROFILE: Final = (Customer.Registered.TOPIC, Customer.Updated.TOPIC)
# Until then nobody knew whose a payment was; what its payer said stands beside it.
_PAYMENT_BEGINS: Final = frozenset({Payment.Created.TOPIC, Payment.CustomerAttached.TOPIC})


@dataclass(frozen=True)
class Source:
    """``views``: of one moment. Facts of the customer's own are read as the ledger has them."""

    views: Connection
    ledger: Ledger
    book_of: Book
    customer_id: str
    mapper: FactMapper = field(default_factory=FactMapper)

    @property
    def book(self) -> str:
        return str(self.book_of)

    def own_facts(self) -> Iterator[StoredFact]:
        """What was recorded of who they are, in its order."""
        after = 0
        while found := self._part(after):
            yield from found
            after = found[-1].version

    def profile_facts(self) -> Iterator[StoredFact]:
        """Those of them that say their name and how they are reached."""
        return (stored for stored in self.own_facts() if stored.topic in _PROFILE)

    def customer(self) -> Customer | None:
        """As they are now, deleted or not."""
        customer: Any = None
        for stored in self.own_facts():
            customer = self.mapper.decode(stored).mutate(customer)
        return customer  # type: ignore[no-any-return]

    def facts(self) -> Iterator[StoredFact]:
        """Of who they are, then all others that are about them, each after what led to it."""
        yield from self.own_facts()
        for found in self._steps(None):
            others = [each for each in found if each.stream != self.customer_id]
            yield from self._with_beginnings(others)

    def facts_of(self, topics: Collection[str]) -> Iterator[StoredFact]:
        """Those of these topics that are about them, in their order."""
        return chain.from_iterable(self._steps(topics))

    def entity(self, stream: str, version: int | None = None) -> Entity | None:
        """What a stream of few facts tells of, as of one of its versions, or as it is now."""
        entity: Any = None
        for stored in self.ledger.read_stream(self.book, stream):
            if version is not None and stored.version > version:
                break
            entity = self.mapper.decode(stored).mutate(entity)
        return entity  # type: ignore[no-any-return]

    def link_terms(self, link_id: str) -> Iterator[StoredFact]:
        """Each time the terms of a link were set, whoever it was made for."""
        after, upto = 0, self.ledger.head(self.book)
        while found := self.ledger.read_streams(
            self.book, [link_id], topics=LINK_TOPICS, after=after, upto=upto, limit=EXPORT_STEP
        ):
            yield from found
            after = found[-1].version

    def _steps(self, topics: Collection[str] | None) -> Iterator[list[StoredFact]]:
        after = 0
        while positions := positions_of_customer(
            self.views, self.book, self.customer_id, topics=topics, after=after, limit=EXPORT_STEP
        ):
            yield self.ledger.read_at(self.book, positions)
            after = positions[-1]

    def _part(self, after: int) -> list[StoredFact]:
        return self.ledger.read_parts(self.book, {self.customer_id: (after, after + EXPORT_STEP)})

    def _with_beginnings(self, facts: Sequence[StoredFact]) -> Iterator[StoredFact]:
        """Before the first that says whose a payment is, what was recorded of it until then."""
        begin = [each for each in facts if each.topic in _PAYMENT_BEGINS]
        parts = {PayerDetails.id_for(each.stream): (0, 1) for each in begin}
        parts |= {each.stream: (0, each.version - 1) for each in begin if each.version > 1}
        before: dict[str, list[StoredFact]] = {}
        for stored in self.ledger.read_parts(self.book, parts):
            before.setdefault(stored.stream, []).append(stored)
        for each in facts:
            if each.topic in _PAYMENT_BEGINS:
                payer = before.pop(PayerDetails.id_for(each.stream), [])
                yield from sorted(
                    [*before.pop(each.stream, []), *payer], key=attrgetter("position")
                )
            yield each


def origin_of(stored: StoredFact) -> dict[str, Any]:
    """From which fact it comes, and who recorded that, as far as anybody said."""
    context = orjson.loads(stored.context)
    return {
        "position": stored.position,
        "topic": stored.topic,
        "recorded_at": stored.recorded_at,
        "actor": context.get("actor"),
        "key_id": context.get("key_id"),
        "request_id": context.get("request_id"),
    }


def host_of(url: str) -> str:
    """The rest of an address may be what lets somebody in."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def columns_of(names: Sequence[str]) -> list[str]:
    """Each amount is followed by how people write it."""
    return [
        column
        for name in names
        for column in ((name, _written(name)) if _is_money(name) else (name,))
    ]


def with_amounts_written(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """These fields of a row, in the columns that they have."""
    told: dict[str, Any] = {}
    for name in names:
        told[name] = row[name]
        if _is_money(name):
            amount, currency = row[name], row["currency"]
            told[_written(name)] = None if amount is None else shown(amount, currency)
    return told


def _is_money(name: str) -> bool:
    return name in _MONEY_COLUMNS


def _written(name: str) -> str:
    return f"{name}_written"
