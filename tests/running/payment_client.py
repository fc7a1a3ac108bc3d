"""Payment client: sends payments under keys of its own, and remembers each answer."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

import httpx2
from server import Shop

CLIENTS = 8


@dataclass
class PaymentClient:
    """`bodies` are what was sent under each key, `answers` what was said to it.

    Each of its clients takes a breath of `breath_seconds` after an answer.
    """

    shop: Shop
    breath_seconds: float = 0.0
    bodies: dict[str, dict[str, object]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    turned_away: int = 0
    closing: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def unanswered(self) -> list[str]:
        return [key for key in self.bodies if key not in self.answers]

    async def work_until_cut(self) -> None:
        """Until the server is gone, or this is `closing`; whoever is turned away goes on."""
        async with self._client() as client, asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(self._send_one_after_the_other(client))

    async def ask_again(self, keys: list[str]) -> dict[str, str]:
        """What is answered now under these keys."""
        keys = list(keys)
        told: dict[str, str] = {}

        async def ask(client: httpx2.AsyncClient) -> None:
            while keys:
                key = keys.pop()
                answer = await self._send(client, key)
                assert answer.status_code == 201, answer.text
                told[key] = answer.text

        async with self._client() as client, asyncio.TaskGroup() as clients:
            for _ in range(CLIENTS):
                clients.create_task(ask(client))
        return told

    async def _send_one_after_the_other(self, client: httpx2.AsyncClient) -> None:
        with suppress(httpx2.TransportError):
            while not self.closing:
                number = next(self.numbers)
                key = f"order-{number}"
                # One in three is a payment by somebody new: then two streams change at once.
                payer = f"usr_{number}" if number % 3 == 0 else f"usr_of_{number % 7}"
                self.bodies[key] = {"amount": 4000, "currency": "GHS", "customer_id": payer}
                answer = await self._send(client, key)
                if answer.status_code == 503:
                    assert answer.json()["code"] == "ledger_unavailable", answer.text
                    self.turned_away += 1
                    await asyncio.sleep(float(answer.headers["Retry-After"]) / 10)
                else:
                    assert answer.status_code == 201, answer.text
                    self.answers[key] = answer.text
                await asyncio.sleep(self.breath_seconds)

    async def _send(self, client: httpx2.AsyncClient, key: str) -> httpx2.Response:
        return await client.post(
            "/v1/payments/intents", json=self.bodies[key], headers={"Idempotency-Key": key}
        )

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            base_url=self.shop.url, headers={"X-Reevit-Key": self.shop.test_key}, timeout=60
        )


def everything_is_there_once(payments: PaymentClient) -> None:
    """What was acknowledged is what is listed, and nothing else."""
    client = payments.shop.client(org_id=payments.shop.org_id)
    listed: list[dict[str, object]] = []
    while page := client.request(
        "GET", "/v1/payments", params={"limit": 200, "offset": len(listed)}
    ):
        listed += page
    told = Counter(
        httpx2.Response(200, text=text).json()["id"] for text in payments.answers.values()
    )

    assert Counter(payment["id"] for payment in listed) == told
    assert set(told.values()) == {1}
    customers = client.request("GET", "/v1/customers", params={"limit": 1})
    payers = {body["customer_id"] for body in payments.bodies.values()}
    assert customers["pagination"]["total"] == len(payers)
