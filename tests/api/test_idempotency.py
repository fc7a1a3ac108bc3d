"""Asking twice with one key."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest


def test_a_repeated_request_has_one_effect_and_the_same_answer(client):
    first = _pay(client, "order-1")

    again = _pay(client, "order-1")

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert len(client.get("/v1/payments").json()) == 1


def test_another_body_under_the_same_key_is_refused(client):
    _pay(client, "order-1")

    answer = _pay(client, "order-1", amount=9)

    assert answer.status_code == 409
    assert (answer.json()["error"], answer.json()["code"]) == ("conflict", "idempotency_conflict")


def test_the_same_key_on_another_path_is_another_request(client):
    payment = _pay(client, "order-1").json()

    answer = client.post(
        f"/v1/payments/{payment['id']}/confirm", headers={"Idempotency-Key": "order-1"}
    )

    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer.headers


def test_a_refusal_is_remembered_too(client):
    payment = client.post("/v1/payments/intents", json={"amount": 77, "currency": "GHS"}).json()
    refund = {"url": f"/v1/payments/{payment['id']}/refund", "headers": {"Idempotency-Key": "r"}}

    refused = client.post(**refund)
    client.post(f"/v1/payments/{payment['id']}/confirm")
    again = client.post(**refund)

    assert refused.status_code == 400
    assert (again.status_code, again.content) == (refused.status_code, refused.content)
    assert again.headers["Idempotent-Replayed"] == "true"


def test_every_kind_of_command_honours_the_key(client):
    headers = {"Idempotency-Key": "k"}
    customer = client.post("/v1/customers", json={}).json()
    path = f"/v1/customers/{customer['id']}"

    twice = [
        [client.patch(path, json={"name": "Ama"}, headers=headers) for _ in range(2)],
        [client.put("/v1/customers/external/u", json={}, headers=headers) for _ in range(2)],
        [client.delete(path, headers=headers) for _ in range(2)],
    ]

    for first, again in twice:
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["Idempotent-Replayed"] == "true"


def test_many_at_once_with_one_key_are_one(client):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: _pay(client, "order-1"), range(16)))

    assert {answer.content for answer in answers} == {answers[0].content}
    assert {answer.status_code for answer in answers} == {201}
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert len(client.get("/v1/payments").json()) == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_of_no_use_is_refused(client, key):
    answer = _pay(client, key)

    assert answer.status_code == 400
    assert answer.json()["details"]["field"] == "Idempotency-Key"


def test_a_key_can_be_required(new_server):
    server = new_server(require_idempotency_key=True)
    headers = {"X-Reevit-Key": server.found("Ama").keys["test"]}

    without = httpx.post(f"{server.url}/v1/customers", headers=headers)
    with_one = httpx.post(f"{server.url}/v1/customers", headers=headers | {"Idempotency-Key": "k"})
    query = httpx.get(f"{server.url}/v1/customers", headers=headers)

    assert without.status_code == 400
    assert without.json()["code"] == "missing_idempotency_key"
    assert with_one.status_code == 201
    assert query.status_code == 200


def _pay(client, key, amount=4000):
    return client.post(
        "/v1/payments/intents",
        json={"amount": amount, "currency": "GHS"},
        headers={"Idempotency-Key": key},
    )
