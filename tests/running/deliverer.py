"""A deliverer over a real store, as the service joins it, with somebody who records facts."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from secret_keys import KEYRING
from sqlalchemy import select
from tables import make_tables
from waiting import awaited

from api.resources.event_data import data_of
from commands.customers import CreateCustomer, create_customer
from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from commands.payments import CreatePayment, create_payment
from commands.webhook_endpoints import RegisterEndpoint, register_endpoint, signing_secrets
from delivery.delivering import Deliverer
from delivery.webhooks.delivery_ids import PROBE
from delivery.webhooks.previous import previous_in
from ledger.clock import Clock
from ledger.database import open_engine
from ledger.facts import FactMapper
from ledger.ledger import Ledger
from ledger.schema import deliveries, delivery_attempts, delivery_cursors
from projections.engine.generations.generations import Generations
from projections.engine.live.projector import Projector
from projections.engine.rebuilding.rebuild import ensure_views
from projections.read_models import DEFINITIONS

BOOK = f"org_{1:026}/test"


class Shop:
    """Records facts in a book, and looks at what became of telling others of them."""

    def __init__(self, stack: ExitStack, database_url: str, folder: Path, clock: Clock) -> None:
        self.url = database_url
        self.clock = clock
        self.passed = timedelta()
        self.engine = open_engine(database_url)
        stack.callback(self.engine.dispose)
        make_tables(self.engine)
        self.ledger = stack.enter_context(Ledger(self.engine, clock=self.now))
        self.ids = Ids(self.now)
        self.generations = stack.enter_context(Generations(self.engine, folder, clock=self.now))
        ensure_views(self.ledger, self.generations, FactMapper(), DEFINITIONS)
        self.serving = self.generations.follow(DEFINITIONS)
        projector = Projector(self.ledger, self.serving, FactMapper(), DEFINITIONS)
        self.ledger.on_commit(projector.notify)
        projector.start()
        stack.callback(projector.close)

    def now(self) -> datetime:
        return self.clock() + self.passed

    def let_pass(self, **time: float) -> None:
        """The clock is ahead by so much more from now on."""
        self.passed += timedelta(**time)

    def do(self, decide: Any, *values: Any, book: str = BOOK) -> Any:
        async def perform() -> Any:
            handler = CommandHandler(self.ledger, clock=self.now, ids=self.ids, keyring=KEYRING)
            try:
                return await handler.perform(book, lambda work: decide(work, *values))
            finally:
                handler.close()

        return asyncio.run(perform())

    def endpoint(self, url: str, name: str = "default", book: str = BOOK, **asked: Any) -> Any:
        command = RegisterEndpoint(name=name, url=url, **asked)
        return self.do(register_endpoint, command, book=book)

    def customer(self, name: str, book: str = BOOK) -> str:
        """Their id."""
        command = CreateCustomer(external_id=name, name=name.title())
        return str(self.do(create_customer, command, book=book).id)

    def pay(self, customer_id: str | None, amount: int = 1000, book: str = BOOK) -> Any:
        """A payment that was created: one fact."""
        return self.do(create_payment, _payment(customer_id, amount), book=book)

    def pay_all(self, customers: Sequence[str], book: str = BOOK) -> list[str]:
        """One payment of each, in this order; their ids."""

        async def perform() -> list[str]:
            handler = CommandHandler(self.ledger, clock=self.now, ids=self.ids, keyring=KEYRING)
            paid = []
            for some in range(0, len(customers), 100):
                now = [
                    handler.perform(book, partial(create_payment, command=_payment(customer, 1000)))
                    for customer in customers[some : some + 100]
                ]
                paid += [payment.id for payment in await asyncio.gather(*now)]
            handler.close()
            return paid

        return asyncio.run(perform())

    def secrets(self, endpoint: Any, book: str = BOOK) -> list[str]:
        return signing_secrets(endpoint, book, KEYRING, self.now())

    def rows(self, table: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key)).all())

    @property
    def cursors(self) -> list[Any]:
        return self.rows(delivery_cursors)

    @property
    def attempts(self) -> list[Any]:
        """Those that count."""
        return [row for row in self.rows(delivery_attempts) if row.cursor != PROBE]

    @property
    def tries(self) -> list[Any]:
        """Those that do not: the endpoint was down."""
        return [row for row in self.rows(delivery_attempts) if row.cursor == PROBE]

    @property
    def behind(self) -> list[Any]:
        return self.rows(deliveries)

    def position(self, endpoint: Any, cursor: str = "live") -> int:
        found = {(row.follower, row.cursor): row.position for row in self.rows(delivery_cursors)}
        return found.get((endpoint.id, cursor), -1)

    def wait_until_told(self, endpoint: Any, book: str = BOOK) -> None:
        """Of all but what has failed before, and what waits behind that."""
        awaited(lambda: self._is_told(endpoint, book), every_seconds=0.02)

    def _is_told(self, endpoint: Any, book: str) -> bool:
        if self.position(endpoint) < self.ledger.head(book):
            return False
        rows = [row for row in self.behind if (row.book, row.follower) == (book, endpoint.id)]
        failed = {row.lane for row in rows if row.attempts}
        # What is answered late is behind as well, until the answer comes.
        return all(row.lane in failed for row in rows)

    @contextmanager
    def delivering(self, **settings: Any) -> Iterator[Deliverer]:
        of_the_shop = {"previous": previous_in(self.serving), "clock": self.now}
        with delivering(self.ledger, self.url, **(of_the_shop | settings)) as deliverer:
            yield deliverer


def _payment(customer_id: str | None, amount: int) -> CreatePayment:
    return CreatePayment(
        amount=amount,
        currency="GHS",
        method="mobile_money",
        country="GH",
        customer_id=customer_id,
    )


@contextmanager
def delivering(ledger: Ledger, database_url: str, **settings: Any) -> Iterator[Deliverer]:
    """Tells all endpoints of the store while the context lasts."""
    engine = open_engine(database_url, durable=False)
    settings = {"looks_every_seconds": 0.1, "keyring": KEYRING} | settings
    deliverer = Deliverer(ledger=ledger, engine=engine, data_of=data_of, **settings)
    try:
        with deliverer.in_a_thread():
            yield deliverer
    finally:
        engine.dispose()


@contextmanager
def opened(database_url: str, folder: Path, clock: Clock | None = None) -> Iterator[Shop]:
    with ExitStack() as stack:
        yield Shop(stack, database_url, folder, clock or partial(datetime.now, UTC))
