"""Generations change places under full load: no question notices."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, count

import httpx2
import pytest
from generations import figures, serving_number, switch
from server import PATIENCE_SECONDS, Server, Shop, found_shop

from ledger.database import open_engine
from ledger.ledger import Ledger

ROUNDS = int(os.environ.get("WHENCE_TEST_SWITCHES", "1"))
WRITERS, READERS = (2, 3) if ROUNDS == 1 else (4, 6)
# A round is long enough to be asked in all the while; in many, nobody takes a breath.
BREATH_SECONDS = 0.1 if ROUNDS == 1 else 0
STATS = {"from": "2020-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Answer:
    """What was told at a position, and what had been told to anybody before it was asked."""

    position: int
    is_behind: bool
    payments: int
    open_or_succeeded: int
    told_before: int
    acknowledged_before: int


@dataclass
class Load:
    """Clients who write and ask, on every server at once, until they are told to go home."""

    shop: Shop
    servers: list[Server]
    told: int = 0
    acknowledged: int = 0
    answers: list[Answer] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self) -> None:
        async with asyncio.TaskGroup() as clients:
            for number in range(WRITERS):
                clients.create_task(self._write(self.servers[number % len(self.servers)]))
            for number in range(READERS):
                clients.create_task(self._ask(self.servers[number % len(self.servers)]))

    async def _write(self, server: Server) -> None:
        async with self._client(server) as client:
            while not self.stopping.is_set():
                body = {"amount": 4000, "currency": "GHS", "customer_id": "usr_1"}
                key = {"Idempotency-Key": f"order-{next(self.numbers)}"}
                answer = await client.post("/v1/payments/intents", json=body, headers=key)
                assert answer.status_code == 201, answer.text
                position = int(answer.headers["Whence-Position"])
                self.acknowledged = max(self.acknowledged, position)
                await asyncio.sleep(BREATH_SECONDS)

    async def _ask(self, server: Server) -> None:
        async with self._client(server) as client:
            while not self.stopping.is_set():
                told, acknowledged = self.told, self.acknowledged
                answer = await client.get("/v1/payments/stats", params=STATS)
                assert answer.status_code == 200, answer.text
                position = int(answer.headers["Whence-Position"])
                stats = answer.json()
                self.told = max(self.told, position)
                is_behind = "Whence-Behind" in answer.headers
                self.answers.append(
                    Answer(
                        position,
                        is_behind,
                        stats["count"],
                        stats["pending_count"] + stats["success_count"],
                        told,
                        acknowledged,
                    )
                )
                await asyncio.sleep(BREATH_SECONDS)

    def _client(self, server: Server) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=server.url, headers={"X-Reevit-Key": self.shop.test_key}, timeout=30
        )


@pytest.fixture
def servers(database_url, new_server) -> list[Server]:
    """As many as may serve one store; one of several answers at once with what there is."""
    servers = [new_server()]
    if not database_url.startswith("sqlite"):
        servers.append(new_server(WHENCE_QUERY_WAIT_SECONDS="0"))
    for server in servers:
        server.start()
    return servers


def test_no_question_fails_tears_or_goes_back_while_generations_change_places(servers):
    shop = found_shop(servers[0])
    demo = servers[0].whence("demo", "--customers", "20", "--payments", "100")
    assert demo.returncode == 0, demo.stderr
    first = serving_number(servers[0])

    load = Load(shop, servers)
    latest = asyncio.run(change_places_under_load(load, first))

    assert load.answers
    created = payments_by_position(servers[0].database_url, f"{shop.org_id}/test")
    for answer in load.answers:
        assert answer.position >= answer.told_before
        assert answer.is_behind or answer.position >= answer.acknowledged_before
        # The two figures are of two views.
        assert answer.payments == answer.open_or_succeeded == created[answer.position]
    # Nobody writes any more: both are brought to the same positions, and say the same.
    assert switch(servers[0], first) == 0
    assert switch(servers[0], latest) == 0
    assert figures(servers[0], first) == figures(servers[0], latest)


async def change_places_under_load(load: Load, first: int) -> int:
    """Rebuild and switch back, again and again; the number of the last that was built."""
    server = load.servers[0]
    working = asyncio.create_task(load.work())
    for _ in range(ROUNDS):
        rebuilt = await asyncio.to_thread(server.whence, "rebuild")
        assert rebuilt.returncode == 0, rebuilt.stderr
        latest = serving_number(server)
        assert await asyncio.to_thread(switch, server, first) == 0
        assert not working.done(), working.exception()
    verified = await asyncio.to_thread(server.whence, "verify")
    assert verified.returncode == 0, verified.stderr
    load.stopping.set()
    await asyncio.wait_for(working, PATIENCE_SECONDS)
    return latest


def payments_by_position(database_url: str, book: str) -> list[int]:
    """How many payments had been created at each position, from 0."""
    engine = open_engine(database_url)
    facts = Ledger(engine, clock=None).read(book, limit=10**9)
    engine.dispose()
    return list(accumulate((fact.topic == "payment.created" for fact in facts), initial=0))
