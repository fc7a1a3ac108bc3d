"""Billing workers are killed at random, two at a time: each period is billed once all the same."""

import asyncio
import os
import random
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial

import pytest
from forked import ForkedCommand

from commands.handling.handler import CommandHandler
from commands.handling.ids import Ids
from commands.subscriptions import CreateSubscription, create_subscription
from domain.invoice import Invoice
from domain.payment import Payment
from ledger.chain import BrokenChain
from ledger.clock import written
from ledger.database import open_engine, upgrade
from ledger.facts import FactMapper
from ledger.ledger import Ledger

KILLS = int(os.environ.get("WHENCE_TEST_KILLS", "2"))
SUBSCRIPTIONS = 8 if KILLS == 2 else 16
PATIENCE_SECONDS = 60
BOOK = f"org_{1:026}/test"
LONG_AGO = datetime(2024, 1, 31, 12, tzinfo=UTC)


def subscribe_long_ago(ledger: Ledger) -> None:
    """Some pay at once, some only after a retry: every period is a renewal, or two steps."""
    handler = CommandHandler(ledger, clock=lambda: LONG_AGO, ids=Ids(lambda: LONG_AGO))

    async def subscribe() -> None:
        for number in range(SUBSCRIPTIONS):
            asked = CreateSubscription(
                customer_id=f"usr_{number}",
                plan_id="plan_premium",
                amount=4003 if number % 8 == 0 else 9900,
                currency="GHS",
                method="momo",
                interval="monthly",
            )
            await handler.perform(BOOK, partial(create_subscription, command=asked))

    asyncio.run(subscribe())
    handler.close()


class BillingProcess:
    """A `whence bill` process of its own."""

    def __init__(self, database_url: str, log, *arguments: str) -> None:
        self._log = log
        environment = os.environ | {
            "WHENCE_DATABASE_URL": database_url,
            "WHENCE_LOG_FORMAT": "json",
            "WHENCE_BILLING_SECONDS": "0.05",
        }
        with log.open("wb") as said:
            self.process = ForkedCommand(["bill", *arguments], environment, said)

    def wait_until_it_bills(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while '"billing"' not in self._log.read_text():
            assert self.process.poll() is None, self._log.read_text()
            assert time.monotonic() < until
            time.sleep(0.01)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=PATIENCE_SECONDS)


@pytest.fixture
def ledger(database_url):
    engine = open_engine(database_url)
    upgrade(engine)
    with Ledger(engine, clock=lambda: datetime.now(UTC)) as ledger:
        yield ledger
    engine.dispose()


def test_each_period_has_one_invoice_and_one_payment_however_often_billers_die(
    ledger, database_url, tmp_path
):
    subscribe_long_ago(ledger)
    chance = random.Random(26)

    for number in range(KILLS):
        billers = [
            BillingProcess(database_url, tmp_path / f"{number}-{each}.log") for each in range(2)
        ]
        for biller in billers:
            biller.wait_until_it_bills()
        while len(ledger.owners(BOOK, "invoice_payment", "")) <= SUBSCRIPTIONS:
            time.sleep(0.01)
        time.sleep(chance.uniform(0.01, 0.3))
        for biller in billers:
            biller.kill()
    last = BillingProcess(database_url, tmp_path / "last.log", "--once")
    assert last.process.wait(timeout=PATIENCE_SECONDS * 3) == 0

    everything_is_billed_once(ledger)


def everything_is_billed_once(ledger: Ledger) -> None:
    mapper = FactMapper()
    billed: Counter[tuple[str, int]] = Counter()
    starts: dict[str, list[datetime]] = {}
    paid: Counter[str] = Counter()
    numbers: list[int | None] = []
    created = 0
    after = 0
    while facts := ledger.read(BOOK, after=after, limit=1000):
        after = facts[-1].position
        for fact in map(mapper.decode, facts):
            match fact:
                case Invoice.Issued():
                    billed[fact.subscription_id, fact.period] += 1
                    numbers.append(fact.number)
                    starts.setdefault(fact.subscription_id, []).append(fact.period_start)
                case Invoice.Paid():
                    paid[fact.originator_id] += 1
                case Payment.Created():
                    created += 1
                case _:
                    pass
    now = datetime.now(UTC)
    months = (now.year - LONG_AGO.year) * 12 + now.month - LONG_AGO.month
    assert set(billed.values()) == {1}
    assert created == sum(billed.values())
    assert numbers == list(range(1, len(numbers) + 1))
    assert set(paid.values()) == {1}
    assert len(starts) == SUBSCRIPTIONS
    for those in starts.values():
        assert those == sorted(those)
        assert months <= len(those) <= months + 1
    due = ledger.owners_between(BOOK, "due", after="", before=written(now), limit=10)
    assert due == []
    assert not isinstance(ledger.verify(BOOK), BrokenChain)
