"""Many clients at once, over HTTP: exactly one wins, nothing is doubled, nobody sees an error."""

import asyncio
from collections import Counter

import httpx2


async def at_once(shop, requests: list[dict]) -> list[httpx2.Response]:
    limits = httpx2.Limits(max_connections=50)
    async with httpx2.AsyncClient(
        base_url=shop.url, headers={"X-Reevit-Key": shop.test_key}, limits=limits, timeout=60
    ) as client:
        return await asyncio.gather(*(client.request(**request) for request in requests))


def post(url: str, body: dict, key: str | None = None) -> dict:
    return {
        "method": "POST",
        "url": url,
        "json": body,
        "headers": {"Idempotency-Key": key} if key else {},
    }


def test_of_200_parallel_creates_of_one_external_id_one_wins(shop):
    answers = asyncio.run(
        at_once(
            shop,
            [post("/v1/customers", {"external_id": "usr_1", "name": f"{n}"}) for n in range(200)],
        )
    )

    assert Counter(a.status_code for a in answers) == {201: 1, 409: 199}
    winner = next(a.json() for a in answers if a.status_code == 201)
    losers = [a.json() for a in answers if a.status_code == 409]
    assert {loser["details"]["customer_id"] for loser in losers} == {winner["id"]}
    assert [c["id"] for c in shop.client(org_id=shop.org_id).customers.list()] == [winner["id"]]


def test_parallel_refunds_never_exceed_the_payment(shop):
    client = shop.client(org_id=shop.org_id)
    payment = client.payments.create_intent({"amount": 4000, "currency": "GHS"})

    answers = asyncio.run(
        at_once(
            shop,
            [post(f"/v1/payments/{payment['id']}/refund", {"amount": 300}) for _ in range(100)],
        )
    )

    assert Counter(a.status_code for a in answers) == {201: 13, 400: 87}
    assert {a.json()["code"] for a in answers if a.status_code == 400} == {"invalid_amount"}
    refunds = client.request("GET", f"/v1/payments/{payment['id']}/refunds")
    assert sum(refund["amount"] for refund in refunds) == 3900


def test_one_key_in_parallel_has_one_effect_and_one_answer(shop):
    body = {"amount": 4000, "currency": "GHS", "customer_id": "usr_77"}

    answers = asyncio.run(
        at_once(shop, [post("/v1/payments/intents", body, key="order-77") for _ in range(60)])
    )

    assert {a.status_code for a in answers} == {201}
    assert len({a.content for a in answers}) == 1
    assert sum(a.headers.get("Idempotent-Replayed") == "true" for a in answers) == 59
    client = shop.client(org_id=shop.org_id)
    assert len(client.payments.list()) == 1
    assert client.customers.lookup("usr_77")["payment_count"] == 1


def test_one_key_with_two_bodies_is_refused_for_one_of_them(shop):
    requests = [
        post("/v1/payments/intents", {"amount": amount, "currency": "GHS"}, key="order-78")
        for amount in (4000, 5000) * 20
    ]

    answers = asyncio.run(at_once(shop, requests))

    assert Counter(a.status_code for a in answers) == {201: 20, 409: 20}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"idempotency_conflict"}
    assert len(shop.client(org_id=shop.org_id).payments.list()) == 1


def test_two_first_payments_of_one_person_make_one_customer(shop):
    body = {"amount": 4000, "currency": "GHS", "customer_id": "ama@example.com"}

    answers = asyncio.run(at_once(shop, [post("/v1/payments/intents", body) for _ in range(40)]))

    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["customer_id"] for a in answers}) == 1
    [customer] = shop.client(org_id=shop.org_id).customers.list()
    assert (customer["email"], customer["payment_count"]) == ("ama@example.com", 40)


def test_a_write_is_seen_by_everyone_who_asks_after_its_answer(shop):
    async def write_and_read(client: httpx2.AsyncClient, n: int) -> int:
        made = await client.post("/v1/customers", json={"external_id": f"usr_{n}"})
        found = await client.get("/v1/customers/lookup", params={"external_id": f"usr_{n}"})
        return found.json().get("id") == made.json()["id"]

    async def everyone() -> list[int]:
        async with httpx2.AsyncClient(
            base_url=shop.url, headers={"X-Reevit-Key": shop.test_key}, timeout=60
        ) as client:
            return await asyncio.gather(*(write_and_read(client, n) for n in range(100)))

    assert all(asyncio.run(everyone()))
