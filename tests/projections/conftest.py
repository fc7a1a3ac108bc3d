"""A shop whose customers and payments are folded, as they happen, into the real views."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from domain.customer import Customer
from domain.fact import Entity
from domain.payment import Payment
from ledger.append import NUMBER
from ledger.clock import written
from ledger.database import open_engine
from ledger.facts import FactMapper, StoredFact
from projections.engine.folding.fold import Folding
from projections.engine.generations.fold_and_write import fold_and_write
from projections.engine.generations.generation import (
    Generation,
    postgresql_generation,
    sqlite_generation,
)
from projections.read_models import DEFINITIONS

E = TypeVar("E", bound=Entity)

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)

# Few enough that most rows are made by several batches, and some by one.
FACTS_PER_BATCH = 3


class Shop:
    """One book. What is done here is kept in memory until somebody asks a view."""

    def __init__(self, generation: Generation, book: str) -> None:
        self.book = book
        self.now = NOON
        self._generation = generation
        self._mapper = FactMapper()
        self._folding = Folding(self._mapper, DEFINITIONS.folds)
        self._facts: list[StoredFact] = []
        self._folded = 0
        self._numbers = count(1)

    def register(self, customer_id: str, **profile: Any) -> Customer:
        return self.record(Customer.register(customer_id, now=self.now, **profile))

    def create(self, customer_id: str | None = None, amount: int = 1000, **details: Any) -> Payment:
        payment_id = details.pop("payment_id", f"pay_{next(self._numbers):03}")
        at = details.pop("at", self.now)
        details.setdefault("currency", "GHS")
        return self.record(
            Payment.create(
                payment_id,
                amount=amount,
                customer_id=customer_id,
                now=self.now,
                occurred_at=at,
                **details,
            )
        )

    def pay(self, customer_id: str | None = None, amount: int = 1000, **details: Any) -> Payment:
        at = details.setdefault("at", self.now)
        payment = self.create(customer_id, amount, **details)
        payment.collect(self.now, occurred_at=at)
        return self.record(payment)

    def decline(self, customer_id: str | None = None, **details: Any) -> Payment:
        payment = self.create(customer_id, **details)
        payment.fail("card_declined", "the bank declined the card", self.now)
        return self.record(payment)

    def record(self, entity: E) -> E:
        for fact in entity.collect_events():
            new = self._mapper.encode(fact)
            self._facts.append(
                StoredFact(
                    book=self.book,
                    position=len(self._facts) + 1,
                    stream=new.stream,
                    version=fact.originator_version,
                    topic=new.topic,
                    data=new.data.replace(NUMBER, str(len(self._facts) + 1)),
                    context="{}",
                    recorded_at=written(fact.timestamp),
                    digest=b"",
                )
            )
        return entity

    def later(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now

    def ask(self, query: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        self._fold()
        with self._generation.reading() as connection:
            return query(connection, self.book, *arguments, **named)

    def _fold(self) -> None:
        while self._folded < len(self._facts):
            step = fold_and_write(
                self._generation,
                DEFINITIONS,
                self._folding,
                lambda after, each, _: self._facts[after[self.book] : after[self.book] + each],
                [self.book],
                limit=FACTS_PER_BATCH,
            )
            [reached] = step.checkpoints.values()
            assert reached.parked_error is None
            self._folded = reached.position


@pytest.fixture(scope="session")
def sqlite_views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    path = tmp_path_factory.mktemp("views") / "views-1.db"
    generation = sqlite_generation(path, 1, DEFINITIONS.digest())
    _prepare(generation)
    yield generation
    generation.close()


@pytest.fixture(scope="session")
def postgresql_views(postgresql_server: str) -> Iterator[Generation]:
    engine = open_engine(postgresql_server)
    schema = f"views_{uuid4().hex}"
    generation = postgresql_generation(engine, schema, 1, DEFINITIONS.digest())
    _prepare(generation)
    yield generation
    generation.drop()
    engine.dispose()


def _prepare(generation: Generation) -> None:
    generation.create(DEFINITIONS)
    generation.create_keys(DEFINITIONS)
    generation.create_indexes(DEFINITIONS)


@pytest.fixture(scope="session")
def shop_in() -> Callable[[Generation], Shop]:
    """Opens books in views that all tests share: a book must not see its neighbours."""
    return lambda generation: Shop(generation, f"org_{uuid4().hex}/test")


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, shop_in: Callable[[Generation], Shop]) -> Shop:
    return shop_in(request.getfixturevalue(f"{request.param}_views"))
