"""Billing benchmark: subscriptions renewed in a second, all that are due, and one by one."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from stores import opened

from commands.billing import bill
from commands.handling.handler import CommandHandler, Context
from commands.handling.ids import Ids
from commands.organizations import found_organization
from commands.subscriptions import CreateSubscription, create_subscription
from whence.billing_worker import BillingWorker

_SUBSCRIPTIONS = 2_000
_ONE_BY_ONE = 200


@dataclass(frozen=True)
class Renewed:
    """Renewals a second: period, invoice, payment and what the provider said in one append each."""

    together: float
    one_by_one: float


def measure_renewals(url: str) -> Renewed:
    """Everybody's second month, and then a few of the third."""
    return asyncio.run(_measure(url))


async def _measure(url: str) -> Renewed:
    moment = [datetime(2026, 1, 31, tzinfo=UTC)]

    def clock() -> datetime:
        return moment[0]

    with opened(url) as ledger:
        handler = CommandHandler(ledger, clock=clock, ids=Ids(clock))
        shop = await found_organization(handler, "Bench", context=Context())
        book = f"{shop.org_id}/test"
        streams = await asyncio.gather(
            *(_subscribe(handler, book, n) for n in range(_SUBSCRIPTIONS))
        )
        moment[0] += timedelta(days=31)
        began = time.perf_counter()
        done = await BillingWorker(ledger, handler).bill_book(book)
        together = done / (time.perf_counter() - began)
        moment[0] += timedelta(days=31)
        began = time.perf_counter()
        for stream in streams[:_ONE_BY_ONE]:
            await handler.perform(book, lambda work, stream=stream: bill(work, stream))  # type: ignore[misc]
        one_by_one = _ONE_BY_ONE / (time.perf_counter() - began)
        handler.close()
    if done != _SUBSCRIPTIONS:
        raise RuntimeError(f"{done} of {_SUBSCRIPTIONS} were renewed")
    return Renewed(together, one_by_one)


async def _subscribe(handler: CommandHandler, book: str, number: int) -> str:
    command = CreateSubscription(
        customer_id=f"usr_{number}",
        plan_id="premium",
        amount=9900,
        currency="GHS",
        method="card",
        interval="monthly",
    )
    made = await handler.perform(book, lambda work: create_subscription(work, command))
    return made.id
