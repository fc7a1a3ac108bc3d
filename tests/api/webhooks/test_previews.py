"""The preview of a filter: what would have been told, before anybody is told anything."""

import pytest


@pytest.fixture
def history(client):
    """Two payments of Ama, one of which succeeds."""
    order = {"amount": 700, "currency": "GHS", "customer_id": "ama@example.com"}
    paid, _ = (client.post("/v1/payments/intents", json=order).json() for _ in range(2))
    client.post(f"/v1/payments/{paid['id']}/confirm", json={}).raise_for_status()
    return paid


def preview(client, **body):
    return client.post("/v1/webhooks/endpoints/preview", json=body).raise_for_status().json()


@pytest.mark.usefixtures("history")
def test_a_filter_says_how_much_it_would_have_let_through(client):
    everything = preview(client)
    some = preview(client, events=["payment.updated"])

    assert {each["type"]: each["deliveries"] for each in everything["types"]} == {
        "customer.created": 1,
        "payment.created": 2,
        "payment.succeeded": 1,
    }
    assert everything["deliveries"] == 4
    assert (some["deliveries"], [each["type"] for each in some["types"]]) == (
        *(1, ["payment.succeeded"]),
    )


def test_examples_are_what_would_have_been_told(client, history):
    (example,) = preview(client, events=["payment.succeeded"])["examples"]
    kinds = [each["type"] for each in preview(client)["examples"]]

    assert (example["event"], example["data"]["id"]) == ("payment.updated", history["id"])
    assert example["data"]["customer"]["email"] == "ama@example.com"
    assert example["previous_position"] is None
    assert kinds == ["payment.succeeded", "payment.created", "customer.created"]


@pytest.mark.usefixtures("history")
def test_what_was_imported_would_not_have_been_told(client):
    long_ago = {"amount": 700, "currency": "GHS", "occurred_at": "2020-01-01T00:00:00Z"}
    client.post("/v1/payments/intents", json=long_ago).raise_for_status()

    shown = preview(client, events=["payment.created"])

    assert shown["deliveries"] == 2
    assert [each["data"]["created_at"][:4] > "2020" for each in shown["examples"]] == [True]


@pytest.mark.usefixtures("history")
def test_who_may_not_know_the_customers_sees_neither_how_many_nor_an_example(merchant, client):
    key = client.post("/v1/api-keys", json={"name": "k", "scopes": ["webhooks:write"]}).json()[
        "raw"
    ]

    with merchant.client(key) as limited:
        shown = preview(limited)

    told = {each["type"]: each["deliveries"] for each in shown["types"]}
    assert told == {"payment.created": 2, "payment.succeeded": 1}
    assert (shown["deliveries"], shown["examples"]) == (3, [])


def test_where_nothing_happened_nothing_would_have_been_told(client):
    shown = preview(client, events=["invoice.*"])

    assert (shown["deliveries"], shown["types"], shown["examples"]) == (0, [], [])
