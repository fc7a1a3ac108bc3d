"""The feed: everything that happened, once, in its order, for whoever asks page after page."""

import pytest

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def ama(client):
    return client.post("/v1/customers", json={"external_id": "ama", "name": "Ama"}).json()["id"]


@pytest.fixture
def kofi(client):
    return client.post("/v1/customers", json={"external_id": "kofi"}).json()["id"]


@pytest.fixture
def pay(client):
    def pay(customer_id=None, **terms):
        order = {"amount": 700, "currency": "GHS"} | terms
        order |= {"customer_id": customer_id} if customer_id else {}
        payment = client.post("/v1/payments/intents", json=order).json()["id"]
        client.post(f"/v1/payments/{payment}/confirm", json={})
        return payment

    return pay


def read(client, **asked):
    answer = client.get("/v1/events", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(client, **asked):
    return [(each["type"], each["data"]["id"]) for each in read(client, **asked)["events"]]


def page_by_page(client, **asked):
    found, after = [], 0
    while True:
        page = read(client, after=after, **asked)
        found += page["events"]
        after = page["position"]
        if not page["has_more"]:
            return found


def test_all_that_happened_is_told_in_its_order(client, ama, pay):
    payment = pay(ama)

    found = read(client)

    assert [(each["type"], each["data"]["id"]) for each in found["events"]] == [
        ("customer.created", ama),
        ("payment.created", payment),
        ("payment.succeeded", payment),
    ]
    positions = [each["position"] for each in found["events"]]
    assert positions == sorted(positions)
    assert found["position"] >= positions[-1]
    assert found["has_more"] is False


def test_pages_follow_each_other_without_a_gap_and_without_a_word_twice(client, ama, kofi, pay):
    for customer in (ama, kofi, None, ama):
        pay(customer)

    whole = read(client)["events"]

    for limit in (1, 2, 3, 7):
        assert page_by_page(client, limit=limit) == whole


def test_whoever_has_read_everything_is_told_what_comes_then(client, ama, pay):
    before = read(client)["position"]
    nothing = read(client, after=before)
    payment = pay(ama)

    assert nothing == {"events": [], "position": before, "has_more": False}
    assert told(client, after=before) == [
        ("payment.created", payment),
        ("payment.succeeded", payment),
    ]


def test_the_object_is_told_as_it_was_and_the_customer_as_they_are_now(client, ama, pay):
    pay(ama)
    client.patch(f"/v1/customers/{ama}", json={"name": "Ama Mensah"})

    created, paid = read(client, types="payment.*")["events"]

    assert (created["data"]["status"], paid["data"]["status"]) == ("pending", "succeeded")
    assert created["data"]["customer"]["name"] == "Ama Mensah"
    assert created["customer_version"] == paid["customer_version"] == 2


def test_only_what_is_asked_for_is_told(client, ama, kofi, pay):
    first, second, _ = pay(ama), pay(kofi), pay()

    assert told(client, types="customer.created") == [
        ("customer.created", ama),
        ("customer.created", kofi),
    ]
    assert [each for each, _ in told(client, types="customer.*,payment.failed")] == [
        "customer.created",
        "customer.created",
    ]
    assert told(client, types="payment.succeeded", customer_id=kofi) == [
        ("payment.succeeded", second)
    ]
    assert told(client, types="payment.succeeded", customer_id="ama") == [
        ("payment.succeeded", first)
    ]
    assert told(client, customer_id="nobody") == []


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_each_event_says_which_of_the_same_customer_came_before_it(client, ama, kofi, pay, limit):
    for customer in (ama, kofi, None, ama, kofi):
        pay(customer)

    for asked in ({}, {"types": "payment.succeeded"}, {"customer_id": ama}):
        last = {}
        for each in page_by_page(client, limit=limit, **asked):
            whom = each["data"]["customer"] and each["data"]["customer"]["id"]
            assert each["previous_position"] == (last.get(whom) if whom else None)
            last[whom] = each["position"]


def test_an_event_is_found_by_its_id(client, ama, pay):
    pay(ama)
    for each in read(client)["events"]:
        assert client.get(f"/v1/events/{each['id']}").json() == each

    missing = client.get("/v1/events/evt_000000001")
    assert missing.status_code == 404
    assert missing.json()["code"] == "event_not_found"


def test_nobody_is_told_of_another_mode(client, merchant, ama):
    with merchant.client(merchant.founded.keys["live"]) as live:
        assert read(live)["events"] == []
        one = read(client)["events"][0]["id"]
        assert live.get(f"/v1/events/{one}").status_code == 404
    assert told(client) == [("customer.created", ama)]


def test_a_name_that_no_event_has_is_refused_with_those_there_are(client):
    refused = client.get("/v1/events", params={"types": "payment.suceeded"})

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == "types"
    assert "payment.succeeded" in refused.json()["message"]


def test_what_lies_behind_the_end_is_of_another_history(client):
    end = read(client)["position"]

    refused = client.get("/v1/events", params={"after": end + 1000})

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == "after"


@pytest.mark.parametrize(
    ("scopes", "status"),
    [
        (["events:read", "customers:read"], 200),
        (["events:read", "webhooks:read"], 403),
        (["customers:read", "payments:read", "webhooks:read"], 403),
    ],
)
def test_a_key_must_be_allowed_to_read_events_and_the_customers_in_them(
    client, merchant, scopes, status
):
    key = client.post("/v1/api-keys", json={"name": "a key", "scopes": scopes}).json()["raw"]

    with merchant.client(key) as reader:
        assert reader.get("/v1/events").status_code == status
        assert reader.get("/v1/events/evt_1").status_code == (404 if status == 200 else status)
        # A stream of the other mode is refused, to those who may read one.
        stream = reader.get("/v1/events/stream", params={"mode": "live"})
        assert stream.status_code == (400 if status == 200 else status)


def test_a_page_looks_at_a_bounded_number_of_facts(client, pay, monkeypatch):
    monkeypatch.setattr("delivery.feed._LOOKED_AT", 3)
    for _ in range(3):
        pay()
    customer = client.post("/v1/customers", json={}).json()["id"]

    first = read(client, types="customer.created")
    found = page_by_page(client, types="customer.created")

    assert first["events"] == []
    assert first["position"] == 3
    assert first["has_more"] is True
    assert [each["data"]["id"] for each in found] == [customer]
