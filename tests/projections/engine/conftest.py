"""A small shop with toy views, on real SQLite files and a real PostgreSQL."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from eventsourcing.utils import register_topic
from sqlalchemy import BigInteger, Engine, MetaData, func, select
from tables import make_tables

from domain.fact import Fact
from ledger.append import Append, NewFact
from ledger.clock import Clock
from ledger.database import open_engine
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.checkpoints import read_checkpoints
from projections.engine.folding.definitions import Definitions
from projections.engine.folding.derived_tables import derived
from projections.engine.folding.tables import (
    at_earliest,
    at_latest,
    computed,
    earliest,
    first,
    key,
    last,
    latest,
    total,
    view,
)
from projections.engine.generations.generation import Generation
from projections.engine.generations.generations import Generations
from projections.engine.live.projector import Projector

BOOK = "org_00000000000000000000000001/test"
OTHER_BOOK = "org_00000000000000000000000002/live"

TOYS = MetaData(schema="views")

toy_totals = view(
    "toy_totals",
    key("buyer"),
    key("currency"),
    total("spent"),
    total("payments"),
    earliest("first_at"),
    latest("last_at"),
    at_earliest("first_source", of="first_at"),
    at_latest("last_source", of="last_at"),
    first("first_till"),
    last("last_till"),
    indexes=[("currency", "-spent", "buyer"), ("-last_at", "buyer")],
    metadata=TOYS,
)

toy_books = view("toy_books", total("payments"), latest("last_at"), metadata=TOYS)


def _favourites(touched: Any) -> Any:
    order = (
        toy_totals.c.payments.desc(),
        toy_totals.c.last_at.desc().nulls_last(),
        toy_totals.c.currency,
    )
    ranked = (
        select(
            toy_totals.c.book,
            toy_totals.c.buyer,
            toy_totals.c.currency,
            toy_totals.c.payments,
            func.row_number()
            .over(partition_by=[toy_totals.c.book, toy_totals.c.buyer], order_by=order)
            .label("place"),
        )
        .join(touched, _same(toy_totals, touched, "book", "buyer"))
        .where(toy_totals.c.payments > 0)
        .subquery()
    )
    return select(ranked.c.book, ranked.c.buyer, ranked.c.currency, ranked.c.payments).where(
        ranked.c.place == 1
    )


toy_favourites = derived(
    "toy_favourites",
    key("buyer"),
    computed("currency"),
    computed("payments", BigInteger),
    sources=[toy_totals],
    compute=_favourites,
    metadata=TOYS,
)


def _fans(touched: Any) -> Any:
    favourites = toy_favourites.table
    return (
        select(
            favourites.c.book,
            func.count().label("buyers"),
            func.max(favourites.c.currency).label("last_currency"),
        )
        .join(touched, favourites.c.book == touched.c.book)
        .group_by(favourites.c.book)
    )


toy_fans = derived(
    "toy_fans",
    computed("buyers", BigInteger),
    computed("last_currency"),
    sources=[toy_favourites.table],
    compute=_fans,
    metadata=TOYS,
)


def _same(left: Any, right: Any, *names: str) -> Any:
    clauses = [left.c[name] == right.c[name] for name in names]
    return clauses[0] if len(clauses) == 1 else clauses[0] & clauses[1]


class Paid(Fact):
    TOPIC = "toy.paid"
    buyer: str
    currency: str
    amount: int
    source: str | None
    till: str | None


class Unheard(Fact):
    TOPIC = "toy.unheard"


for _fact in (Paid, Unheard):
    register_topic(_fact.TOPIC, _fact)


def fold_totals(recorded: Recorded, changes: Changes) -> None:
    match recorded.fact:
        case Paid() as fact:
            at = int(fact.occurred_at.timestamp())
            changes.merge(
                toy_totals,
                (fact.buyer, fact.currency),
                spent=fact.amount,
                payments=-1 if fact.till == "back" else 1,
                first_at=at,
                last_at=at,
                first_source=fact.source,
                last_source=fact.source,
                first_till=fact.till,
                last_till=fact.till,
            )


def fold_books(recorded: Recorded, changes: Changes) -> None:
    match recorded.fact:
        case Paid(till="jammed"):
            raise RuntimeError("the till is jammed")
        case Paid() as fact:
            changes.merge(toy_books, (), payments=1, last_at=int(fact.occurred_at.timestamp()))


TOY_DEFINITIONS = Definitions(
    metadata=TOYS, folds=(fold_totals, fold_books), derived=(toy_favourites, toy_fans)
)


def paid(
    buyer: str = "ama",
    amount: int = 100,
    *,
    currency: str = "GHS",
    source: str | None = "api",
    till: str | None = None,
    second: int = 0,
) -> NewFact:
    occurred_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    data = {
        "occurred_at": occurred_at.isoformat(),
        "buyer": buyer,
        "currency": currency,
        "amount": amount,
        "source": source,
        "till": till,
    }
    return NewFact(f"toy_{uuid4().hex}", 1, "toy.paid", orjson.dumps(data).decode())


def unheard() -> NewFact:
    data = orjson.dumps({"occurred_at": "2026-01-01T00:00:00+00:00"}).decode()
    return NewFact(f"toy_{uuid4().hex}", 1, "toy.unheard", data)


def from_the_future() -> NewFact:
    return NewFact(f"toy_{uuid4().hex}", 1, "toy.not_invented_yet", "{}")


@dataclass
class Shop:
    """A ledger with a shop's facts in it, and the views of them."""

    engine: Engine
    ledger: Ledger
    generations: Generations
    mapper: FactMapper
    definitions: Definitions = TOY_DEFINITIONS
    opened: list[Projector] = field(default_factory=list)

    def record(self, *facts: NewFact, book: str = BOOK) -> int:
        done = self.ledger.append(Append(book, facts=facts))
        return done.position

    def begin(self) -> Generation:
        generation = self.generations.begin(self.definitions)
        generation.create_keys(self.definitions)
        generation.create_indexes(self.definitions)
        self.generations.finish(generation.number)
        return generation

    def projector(
        self,
        generation: Generation | None = None,
        *,
        rest_seconds: float = 0,
        **options: Any,
    ) -> Projector:
        serving = (
            self.generations.follow(self.definitions) if generation is None else lambda: generation
        )
        projector = Projector(
            self.ledger,
            serving,
            self.mapper,
            self.definitions,
            rest_seconds=rest_seconds,
            **options,
        )
        self.opened.append(projector)
        return projector

    def project(self, generation: Generation | None = None) -> Projector:
        projector = self.projector(generation)
        while projector.project_once():
            projector.notify()
        return projector

    def serving(self) -> Generation:
        return self.generations.serving(self.definitions)

    def position(self, book: str = BOOK) -> int:
        """How far the views of a book are."""
        with self.serving().reading() as connection:
            found = read_checkpoints(connection, [book])
        return found[book].position if found else 0

    def rows(self, table: Any, generation: Generation | None = None) -> list[tuple[Any, ...]]:
        with (generation or self.serving()).reading() as connection:
            return [tuple(row) for row in connection.execute(select(table).order_by(*table.c))]

    def all_rows(self, generation: Generation | None = None) -> dict[str, list[tuple[Any, ...]]]:
        return {table.name: self.rows(table, generation) for table in self.definitions.tables}


@pytest.fixture
def open_shop(
    database_url: str,
    tables_wanted: None,  # noqa: ARG001 (told)
    tmp_path: Path,
    clock: Clock,
) -> Iterator[Callable[[], Shop]]:
    shops: list[Shop] = []

    def opened() -> Shop:
        engine = open_engine(database_url)
        make_tables(engine)
        ledger = Ledger(engine, clock=clock)
        ledger.start()
        shop = Shop(engine, ledger, Generations(engine, tmp_path, clock=clock), FactMapper())
        shops.append(shop)
        return shop

    yield opened
    for shop in shops:
        for projector in shop.opened:
            projector.close()
        shop.ledger.close()
        shop.generations.close()
        shop.engine.dispose()


@pytest.fixture
def shop(open_shop: Callable[[], Shop]) -> Shop:
    return open_shop()


@pytest.fixture
def toys() -> Any:
    """The toy views and facts, under the names they have here."""
    return _Toys


class _Toys:
    BOOK = BOOK
    OTHER_BOOK = OTHER_BOOK
    totals = toy_totals
    books = toy_books
    favourites = toy_favourites.table
    fans = toy_fans.table
    definitions = TOY_DEFINITIONS
    paid = staticmethod(paid)
    unheard = staticmethod(unheard)
    from_the_future = staticmethod(from_the_future)
