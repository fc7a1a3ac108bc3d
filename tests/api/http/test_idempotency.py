"""Asking twice with one key."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select

from ledger.schema import replies


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


def test_no_client_secret_is_stored_and_a_repeated_request_is_told_it_again(client, merchant):
    first = _pay(client, "order-1")
    secret = first.json()["client_secret"]
    path = f"/v1/payments/{first.json()['id']}/confirm-intent"
    confirm = {"params": {"client_secret": secret}, "headers": {"Idempotency-Key": "c"}}
    confirmed = [httpx.post(f"{merchant.server.url}{path}", **confirm) for _ in range(2)]

    with merchant.server.ledger.engine.connect() as connection:
        kept = select(replies.c.key, replies.c.body).where(replies.c.book == merchant.book)
        stored = connection.execute(kept).all()

    assert len(stored) == 2
    assert secret not in str(stored)
    assert _pay(client, "order-1").json()["client_secret"] == secret
    assert [answer.json()["client_secret"] for answer in confirmed] == [secret] * 2
    assert confirmed[0].content == confirmed[1].content


def test_a_wrong_client_secret_is_not_given_what_was_answered_to_the_right_one(client, merchant):
    payment = _pay(client, "order-1").json()
    url = f"{merchant.server.url}/v1/payments/{payment['id']}/confirm-intent"
    right = payment["client_secret"]
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")

    answers = [
        httpx.post(url, params={"client_secret": secret}, headers={"Idempotency-Key": "c"})
        for secret in (right, wrong, right)
    ]

    assert [answer.status_code for answer in answers] == [200, 401, 200]
    assert answers[2].headers["Idempotent-Replayed"] == "true"


def test_a_browser_is_not_given_what_was_answered_to_a_server(client, merchant):
    key = client.post("/v1/api-keys", json={"name": "web", "scopes": ["checkout:write"]}).json()
    client.post("/v1/customers", json={"external_id": "usr_1", "email": "ada@example.com"})
    request = {
        "url": "/v1/payments/intents",
        "json": {"amount": 4000, "currency": "GHS", "customer_id": "usr_1"},
        "headers": {"Idempotency-Key": "order-1"},
    }
    client.post(**request)

    with merchant.client(key["raw"]) as browser:
        answer = browser.post(**request)

    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers
    assert "ada@example.com" not in answer.text


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
