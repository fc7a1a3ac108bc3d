"""What needs attention, of all subjects, told to whoever may read them."""

import pytest
from sqlalchemy import insert

from ledger.schema import deliveries

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

KINDS = [
    *("parked_book", "open_disputes", "failed_invoices", "overdue_invoices"),
    *("failed_deliveries", "failing_endpoints", "disabled_endpoints"),
]
FAILING_PLAN = {
    "customer_id": "usr_1",
    "plan_id": "plan_1",
    "amount": 4001,
    "currency": "GHS",
    "method": "card",
    "interval": "monthly",
}


@pytest.fixture
def attention(client):
    def attention(**key):
        answer = client.get("/v1/attention", headers=key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return attention


def counts(told):
    return {each["kind"]: each["count"] for each in told["items"] if each["count"]}


@on_both_databases
def test_nothing_waits_in_a_new_book(attention):
    told = attention()

    assert told["total"] == 0
    assert [each["kind"] for each in told["items"]] == KINDS
    assert {each["since"] for each in told["items"]} == {None}


@on_both_databases
def test_a_dispute_and_an_invoice_wait_and_are_found_where_it_says(client, attention):
    client.post("/v1/customers", json={"external_id": "usr_1"})
    client.post("/v1/subscriptions", json=FAILING_PLAN).raise_for_status()
    paid = client.post("/v1/payments/intents", json={"amount": 4000, "currency": "GHS"}).json()
    client.post(f"/v1/payments/{paid['id']}/dispute", json={}).raise_for_status()

    told = attention()

    assert counts(told) == {"open_disputes": 1, "failed_invoices": 1}
    assert told["total"] == 2
    for each in told["items"]:
        if each["count"]:
            assert each["since"] is not None
            assert len(client.get(each["path"]).json()) == each["count"]


@on_both_databases
def test_a_delivery_that_was_given_up_waits_for_somebody(merchant, client, attention):
    asked = {"name": "default", "url": "https://shop.example/hooks"}
    endpoint = client.post("/v1/webhooks/endpoints", json=asked).json()["id"]
    position = int(client.post("/v1/customers", json={}).headers["Whence-Position"])
    with merchant.server.ledger.engine.begin() as connection:
        given_up = {"book": f"{merchant.org_id}/test", "follower": endpoint, "position": position}
        given_up |= {"cursor": "live", "lane": "a", "state": "failed", "attempts": 5}
        connection.execute(insert(deliveries).values(given_up | {"next_attempt_at": ""}))

    assert counts(attention()) == {"failed_deliveries": 1}
    assert counts(attention(**key(client, merchant, "webhooks:read"))) == {}
    both = key(client, merchant, "webhooks:read", "customers:read")
    assert counts(attention(**both)) == {"failed_deliveries": 1}


def test_an_endpoint_that_was_switched_off_by_hand_waits_for_nobody(client, attention):
    asked = {"name": "default", "url": "https://shop.example/hooks"}
    endpoint = client.post("/v1/webhooks/endpoints", json=asked).json()["id"]
    client.post(f"/v1/webhooks/endpoints/{endpoint}/disable").raise_for_status()

    assert counts(attention()) == {}


def test_a_key_is_told_of_what_it_may_read_and_no_more(merchant, client, attention):
    told = attention(**key(client, merchant, "invoices:read"))

    assert [each["kind"] for each in told["items"]] == [
        "parked_book",
        "failed_invoices",
        "overdue_invoices",
    ]


def key(client, merchant, *scopes):
    raw = client.post("/v1/api-keys", json={"name": "a key", "scopes": scopes}).json()["raw"]
    return {"X-Reevit-Key": raw, "X-Org-Id": merchant.org_id}
