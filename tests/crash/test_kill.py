"""The server is killed under load, again and again: what it acknowledged is there, once."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import httpx2
import pytest
from server import Server, Shop, found_shop

KILLS = int(os.environ.get("WHENCE_TEST_KILLS", "20"))
CLIENTS = 8


@dataclass
class Till:
    """Sends payments under keys of their own, and remembers what it was told of each."""

    shop: Shop
    bodies: dict[str, dict] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def unanswered(self) -> list[str]:
        return [key for key in self.bodies if key not in self.answers]

    async def work_until_cut(self) -> None:
        async with self._client() as client, asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._send_one_after_the_other(client))

    async def ask_again(self, keys: list[str]) -> dict[str, str]:
        """What is answered now under these keys."""
        told: dict[str, str] = {}
        async with self._client() as client:
            for key in keys:
                told[key] = await self._send(client, key)
        return told

    async def _send_one_after_the_other(self, client: httpx2.AsyncClient) -> None:
        with suppress(httpx2.TransportError):
            while True:
                number = next(self.numbers)
                key = f"order-{number}"
                # One in three is a payment by somebody new: then two streams change at once.
                payer = f"usr_{number}" if number % 3 == 0 else f"usr_of_{number % 7}"
                self.bodies[key] = {"amount": 4000, "currency": "GHS", "customer_id": payer}
                self.answers[key] = await self._send(client, key)

    async def _send(self, client: httpx2.AsyncClient, key: str) -> str:
        answer = await client.post(
            "/v1/payments/intents", json=self.bodies[key], headers={"Idempotency-Key": key}
        )
        assert answer.status_code == 201, answer.text
        return answer.text

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=self.shop.url, headers={"X-Reevit-Key": self.shop.test_key}, timeout=30
        )


@pytest.fixture
def server(database_url: str, tmp_path) -> Iterator[Server]:
    server = Server(database_url, tmp_path)
    server.start()
    yield server
    server.kill()


def test_nothing_acknowledged_is_lost_or_doubled_however_often_it_is_killed(server):
    till = Till(found_shop(server))
    chance = random.Random(20)

    for _ in range(KILLS):
        asyncio.run(kill_under_load(server, till, after_seconds=chance.uniform(0.05, 0.6)))
        server.start()

    first_answers = dict(till.answers)
    till.answers |= asyncio.run(till.ask_again(till.unanswered))
    assert asyncio.run(till.ask_again(list(first_answers))) == first_answers
    everything_is_there_once(till)
    server.stop()
    verified = server.whence("verify")
    assert verified.returncode == 0, verified.stderr
    server.start()


async def kill_under_load(server: Server, till: Till, *, after_seconds: float) -> None:
    selling = asyncio.create_task(till.work_until_cut())
    await asyncio.sleep(after_seconds)
    server.kill()
    await selling


def everything_is_there_once(till: Till) -> None:
    client = till.shop.client(org_id=till.shop.org_id)
    listed: list[dict] = []
    while page := client.request(
        "GET", "/v1/payments", params={"limit": 200, "offset": len(listed)}
    ):
        listed += page
    told = Counter(httpx2.Response(200, text=text).json()["id"] for text in till.answers.values())

    assert Counter(payment["id"] for payment in listed) == told
    assert set(told.values()) == {1}
    customers = client.request("GET", "/v1/customers", params={"limit": 1})
    payers = {body["customer_id"] for body in till.bodies.values()}
    assert customers["pagination"]["total"] == len(payers)
