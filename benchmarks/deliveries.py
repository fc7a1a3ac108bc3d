"""Delivery benchmark: how much of a processor telling others takes, and how soon they know."""

import asyncio
import json
import statistics
import sys
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from load import measure
from receivers import Receivers, receivers
from servers import SECRET_KEYS, Server, running
from sqlalchemy import Engine, insert, make_url
from stores import opened

from commands.customers import CreateCustomer, create_customer
from commands.handling.handler import CommandHandler, Context
from commands.handling.ids import Ids
from commands.organizations import found_organization
from commands.payments import CreatePayment, create_payment
from commands.webhook_endpoints import RegisterEndpoint, register_endpoint
from ledger.database import writing
from ledger.facts import FactMapper
from ledger.keyring import Keyring
from ledger.ledger import Ledger
from ledger.schema import delivery_attempts
from projections.engine.generations.generations import Generations
from projections.engine.rebuilding.rebuild import rebuild
from projections.read_models import DEFINITIONS

_CUSTOMERS, _PAYMENTS = 500, 10_000
_TOGETHER = 500
_PATIENCE_SECONDS = 120
_COMMAND = [sys.executable, "-m", "whence", "deliver"]


@dataclass(frozen=True)
class Lags:
    """From recorded to received, in seconds; processor time of the service for each payment."""

    median: float
    p99: float
    processor_seconds: float


def deliveries_per_processor_second(url: str, *, old_attempts: int = 0) -> float:
    """What `whence deliver` sends to one receiver in a second of its own processor time."""
    with receivers(1) as told:
        with opened(url) as ledger:
            book = asyncio.run(_record(ledger, told.ports[0]))
            _remember(ledger.engine, book, old_attempts)
            folder = Path(make_url(url).database or "").parent
            with Generations(ledger.engine, folder, clock=lambda: datetime.now(UTC)) as generations:
                rebuild(ledger, generations, FactMapper(), DEFINITIONS)
        environment = {
            "WHENCE_DATABASE_URL": url,
            "WHENCE_SECRET_KEYS": SECRET_KEYS,
            "WHENCE_WEBHOOK_BACKLOG_PER_SECOND": "100000",
            "WHENCE_LOG_LEVEL": "warning",
        }
        with running(_COMMAND, environment) as process:
            first = _wait_for(told, _PAYMENTS // 10)
            before = processor_seconds(process.pid)
            last = _wait_for(told, _PAYMENTS)
            return (last - first) / (processor_seconds(process.pid) - before)


def lags_under_load(
    server: Server, told: Receivers, request: bytes, *, each: int, per_second: float, seconds: float
) -> Lags:
    """While so many payments are created in a second, each of which ``each`` endpoints hear of."""
    before, busy = told.received().count, processor_seconds(server.pid)
    done = measure(server.port, request, clients=8, seconds=seconds, most_per_second=per_second)
    payments = round(done.per_second * seconds)
    time.sleep(1)
    lags = told.received()
    if lags.count - before < 0.9 * payments * each:
        raise RuntimeError(f"{lags.count - before} of {payments * each} arrived")
    spent = (processor_seconds(server.pid) - busy) / payments
    found = sorted(lags.lags) or [0.0]
    return Lags(statistics.median(found), found[len(found) * 99 // 100], spent)


def register(server: Server, name: str, port: int) -> None:
    """An endpoint that is told of payments, from now on."""
    asked = {"name": name, "url": f"http://127.0.0.1:{port}/", "events": ["payment.*"]}
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/v1/webhooks/endpoints",
        data=json.dumps(asked).encode(),
        headers=server.headers | {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()  # noqa: S310 (our own server)


def processor_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def _wait_for(told: Receivers, count: int) -> int:
    until = time.monotonic() + _PATIENCE_SECONDS
    while (found := told.received().count) < count:
        if time.monotonic() > until:
            raise RuntimeError(f"{found} of {count} arrived")
        time.sleep(0.05)
    return found


async def _record(ledger: Ledger, port: int) -> str:
    def clock() -> datetime:
        return datetime.now(UTC)

    keyring = Keyring.parsed(SECRET_KEYS)
    handler = CommandHandler(ledger, clock=clock, ids=Ids(clock), keyring=keyring)
    shop = await found_organization(handler, "Bench", context=Context())
    book = f"{shop.org_id}/test"
    people = [
        handler.perform(book, lambda work, n=n: create_customer(work, _person(n)))  # type: ignore[misc]
        for n in range(_CUSTOMERS)
    ]
    customers = [each.id for each in await asyncio.gather(*people)]
    for begin in range(0, _PAYMENTS, _TOGETHER):
        asked = [_payment(customers[n % _CUSTOMERS]) for n in range(begin, begin + _TOGETHER)]
        await asyncio.gather(
            *(
                handler.perform(book, lambda work, p=payment: create_payment(work, p))  # type: ignore[misc]
                for payment in asked
            )
        )
    endpoint = RegisterEndpoint(
        name="default", url=f"http://127.0.0.1:{port}/", events=["payment.*"], begin=0
    )
    await handler.perform(book, lambda work: register_endpoint(work, endpoint))
    handler.close()
    return book


def _person(number: int) -> CreateCustomer:
    return CreateCustomer(
        external_id=f"usr_{number}", name="Ada Lovelace", email=f"ada{number}@example.com"
    )


def _payment(customer_id: str) -> CreatePayment:
    return CreatePayment(
        amount=15_000, currency="GHS", method="card", country="GH", customer_id=customer_id
    )


def _remember(engine: Engine, book: str, attempts: int) -> None:
    """As if an endpoint had been told so much before."""
    for begin in range(0, attempts, 10_000):
        rows = [
            {
                "book": book,
                "follower": "we_00000000000000000000000000",
                "cursor": "live",
                "position": position,
                "attempt": 1,
                "at": "2026-11-01T12:00:00.000000Z",
                "url": "https://shop.example/hooks",
                "http_status": 200,
                "response": "ok",
                "milliseconds": 87,
                "error": "",
            }
            for position in range(begin, begin + 10_000)
        ]
        with writing(engine) as connection:
            connection.execute(insert(delivery_attempts), rows)
