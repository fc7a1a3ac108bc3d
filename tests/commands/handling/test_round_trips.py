"""Round trips: a payment is quick although the database is far away."""

import asyncio
import statistics
import time

import pytest
from proxy import CuttingProxy
from sqlalchemy import make_url

from commands.directory import Directory
from commands.handling.handler import CommandHandler, Context, Idempotency
from commands.handling.ids import Ids
from commands.organizations import found_organization
from commands.payments import ConfirmPayment, CreatePayment, confirm_payment, create_payment
from ledger.database import open_engine, upgrade
from ledger.ledger import Ledger

AWAY_SECONDS = 0.02


@pytest.fixture
def proxy(postgresql_url):
    proxy = CuttingProxy(make_url(postgresql_url))
    yield proxy
    proxy.close()


@pytest.fixture
def handler(proxy, clock):
    engine = open_engine(proxy.url)
    upgrade(engine)
    with Ledger(engine, clock=clock) as ledger:
        handler = CommandHandler(ledger, clock=clock, ids=Ids(clock))
        yield handler
        handler.close()
    engine.dispose()


class Merchant:
    """Somebody who presents a key, and a new idempotency key each time."""

    def __init__(self, handler, key):
        self.handler = handler
        self.directory = Directory(handler)
        self.key = key
        self.commands = 0

    async def pay(self):
        return await self.send(lambda work: create_payment(work, CreatePayment(**GIVEN)))

    async def confirm(self, payment_id):
        return await self.send(lambda work: confirm_payment(work, payment_id, ConfirmPayment()))

    async def send(self, decide):
        self.commands += 1
        caller = await self.directory.principal(self.key)
        made = []

        def present(payment):
            made.append(payment.id)
            return 201, "{}"

        answer = await self.handler.handle(
            caller.book,
            decide,
            present=present,
            refuse=lambda refusal: (400, str(refusal)),
            context=Context(),
            idempotency=Idempotency(str(self.commands), "body"),
        )
        assert answer.status == 201
        return made[-1]


GIVEN = {"amount": 100, "currency": "GHS"}


async def warm(handler):
    """A merchant whose books and connections are in use."""
    founded = await found_organization(handler, "Shop", context=Context())
    merchant = Merchant(handler, founded.keys["test"])
    for _ in range(3):
        await merchant.pay()
    return merchant


def test_a_payment_is_one_round_trip_and_its_confirmation_another(handler, proxy):
    async def main():
        merchant = await warm(handler)
        trips = []
        for _ in range(5):
            before = proxy.round_trips
            payment_id = await merchant.pay()
            between = proxy.round_trips
            await merchant.confirm(payment_id)
            trips.append((between - before, proxy.round_trips - between))
        return trips

    # A pause that lets others look at the organization again is one more.
    assert statistics.mode(asyncio.run(main())) == (1, 1)


def test_payments_with_the_database_twenty_milliseconds_away_take_less_than_150(handler, proxy):
    async def main():
        merchant = await warm(handler)
        proxy.delay_seconds = AWAY_SECONDS
        took, trips = [], []
        for _ in range(15):
            began, before = time.perf_counter(), proxy.round_trips
            await merchant.pay()
            took.append(time.perf_counter() - began)
            trips.append(proxy.round_trips - before)
        return took, trips

    took, trips = asyncio.run(main())

    assert statistics.median(trips) <= 2
    # Counted, not timed: two ways there and back are 80 ms, and the machine may be busy.
    assert min(took) < 0.15
