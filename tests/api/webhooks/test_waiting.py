"""What waits for an endpoint that nobody answers at: counted, listed, tried at once."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from receiver import Answers, receiving
from waiting import awaited

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def server(new_server):
    """With nobody else's endpoints in its store."""
    return new_server()


@pytest.fixture
def nowhere(client):
    """An endpoint at an address where nobody listens."""
    with receiving() as gone:
        told = {"name": "nowhere", "url": f"{gone.url}/in", "events": ["payment.*"]}
    return client.post("/v1/webhooks/endpoints", json=told).raise_for_status().json()


@pytest.fixture
def known(client, nowhere):
    def known():
        return client.get(f"/v1/webhooks/endpoints/{nowhere['id']}").raise_for_status().json()

    return known


def test_one_number_is_said_everywhere_and_listed_the_oldest_first(
    client, nowhere, telling, pay, outbound, known
):
    with telling():
        payments = [pay(who) for who in ("ama@example.com", "esi@example.com", "ama@example.com")]
        awaited(lambda: known()["backlog"]["down_since"])
    [listed] = client.get("/v1/webhooks/endpoints").json()["endpoints"]
    stats = client.get("/v1/webhooks/outbound/stats").json()["stats"]

    waiting = outbound(status="pending", endpoint_id=nowhere["id"])

    assert known()["backlog"]["waiting"] == 3
    assert (listed["waiting"], listed["waiting_is_exact"]) == (3, True)
    assert (stats["pending"], stats["pending_is_exact"]) == (3, True)
    told = [client.get(f"/v1/events/{each['event_id']}").json() for each in waiting]
    assert [each["data"]["id"] for each in told] == [each["id"] for each in payments]
    assert [(each["status"], each["attempts"]) for each in waiting] == [("pending", 0)] * 3
    shown = client.get(f"/v1/webhooks/outbound/{waiting[1]['id']}").json()
    assert {name: shown[name] for name in waiting[1]} == waiting[1]


def test_what_waits_is_paged_and_narrowed(client, nowhere, pay, outbound, monkeypatch):
    for _ in range(5):
        pay()
    everything = outbound(status="pending")

    found, asked = [], {"status": "pending", "limit": 2}
    while asked is not None:
        answer = client.get("/v1/webhooks/outbound", params=asked)
        found += answer.json()
        cursor = answer.headers.get("Whence-Next-Cursor")
        asked = {"status": "pending", "limit": 2, "cursor": cursor} if cursor else None

    assert len(everything) == 5
    assert found == everything
    assert outbound(status="pending", offset=3) == everything[3:]
    assert outbound(status="pending", event_type="customer.*") == []
    assert outbound(status="pending", target_url=nowhere["url"]) == []
    monkeypatch.setattr("delivery.webhooks.waiting.MOST_LOOKED_AT", 2)
    assert client.get("/v1/exports/webhook-deliveries", params={"status": "pending"}).json() == {
        "deliveries": everything,
        "total": 5,
    }


def test_what_stands_in_rows_and_what_arrived_is_counted_once(
    client, receiver, telling, pay, outbound
):
    told = {"name": "shop", "url": receiver.url, "events": ["payment.created"]}
    endpoint = client.post("/v1/webhooks/endpoints", json=told).raise_for_status().json()
    refused = pay("ama@example.com")["customer_id"]

    def behave(request):
        return Answers(500 if refused in request.body.decode() else 200)

    receiver.behave = behave
    with telling():
        for who in ("esi@example.com", "ama@example.com", "esi@example.com", "ama@example.com"):
            pay(who)
        awaited(lambda: len(outbound(status="succeeded")) == 2)
        awaited(lambda: outbound(status="pending")[0]["attempts"] == 1)

    waiting = outbound(status="pending")
    backlog = client.get(f"/v1/webhooks/endpoints/{endpoint['id']}").json()["backlog"]
    assert [each["attempts"] for each in waiting] == [1, 0, 0]
    assert backlog["waiting"] == 3


def test_what_waits_for_one_in_a_row_and_for_another_before_it_is_added_up(
    client, receiver, nowhere, telling, pay
):
    told = {"name": "shop", "url": receiver.url, "events": ["payment.*"]}
    client.post("/v1/webhooks/endpoints", json=told).raise_for_status()
    client.post(f"/v1/webhooks/endpoints/{nowhere['id']}/disable").raise_for_status()
    receiver.behave = lambda _request: Answers(500)

    with telling():
        pay()
        awaited(lambda: client.get("/v1/webhooks/outbound").json())

    stats = client.get("/v1/webhooks/outbound/stats").raise_for_status().json()["stats"]
    listed = client.get("/v1/webhooks/outbound", params={"status": "pending"}).json()
    assert (stats["pending"], len(listed)) == (2, 2)


def test_each_try_of_one_that_is_down_is_told_with_why(client, telling, pay, outbound, known):
    with telling():
        pay()
        awaited(lambda: len(known()["backlog"]["tries"]) >= 2)

    backlog = known()["backlog"]
    [waiting] = outbound(status="pending")
    latest = backlog["tries"][0]
    assert backlog["tries"] == sorted(backlog["tries"], key=lambda each: each["at"], reverse=True)
    assert (latest["response_code"], latest["delivery_id"]) == (None, waiting["id"])
    assert latest["error"] == backlog["last_error"]
    history = client.get(f"/v1/webhooks/outbound/{waiting['id']}").json()["history"]
    assert [each["at"] for each in history[::-1]][: len(backlog["tries"])] == [
        each["at"] for each in backlog["tries"]
    ]
    # None of them counts, nor is it listed as a delivery.
    assert waiting["attempts"] == 0
    assert outbound() == []
    assert client.get("/v1/webhooks/outbound/stats").json()["stats"]["retry_count"] == 0


def test_it_is_tried_at_once_when_somebody_asks(client, nowhere, telling, pay, known, monkeypatch):
    # After it was tried once, it is left alone for a minute.
    monkeypatch.setattr("delivery.webhooks.health.FIRST_PAUSE", timedelta(minutes=1))
    path = f"/v1/webhooks/endpoints/{nowhere['id']}"
    port = int(nowhere["url"].rpartition(":")[2].partition("/")[0])
    with telling():
        pay()
        awaited(lambda: known()["backlog"]["tries"])
        with receiving(port=port) as back:
            asked_at = datetime.now(UTC)
            answer = client.post(f"{path}/retry", headers={"Idempotency-Key": "now"})
            again = client.post(f"{path}/retry", headers={"Idempotency-Key": "now"})
            awaited(lambda: back.received)
            awaited(lambda: known()["backlog"]["waiting"] == 0)

    assert (answer.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert json.loads(back.received[0].body)["attempt"] == 1
    assert back.received[0].at - asked_at < timedelta(seconds=30)
    assert known()["failing_since"] is None


def test_what_is_to_be_tried_later_is_due_when_somebody_asks(
    client, receiver, telling, pay, outbound
):
    told = {"name": "shop", "url": receiver.url, "events": ["payment.created"]}
    endpoint = client.post("/v1/webhooks/endpoints", json=told).raise_for_status().json()
    receiver.behave = lambda _request: Answers(500)
    with telling():
        pay()
        awaited(outbound)
        receiver.behave = lambda _request: Answers()
        client.post(f"/v1/webhooks/endpoints/{endpoint['id']}/retry").raise_for_status()
        awaited(lambda: outbound()[0]["status"] == "succeeded")


def test_one_that_is_disabled_is_not_tried(client, nowhere):
    path = f"/v1/webhooks/endpoints/{nowhere['id']}"
    client.post(f"{path}/disable").raise_for_status()

    answer = client.post(f"{path}/retry")

    assert (answer.status_code, answer.json()["code"]) == (400, "webhook_endpoint_disabled")


def test_an_event_says_who_had_it_and_who_has_it_to_come(
    client, receiver, nowhere, telling, pay, outbound
):
    told = {"name": "shop", "url": receiver.url}
    shop = client.post("/v1/webhooks/endpoints", json=told).raise_for_status().json()
    other = {"name": "books", "url": receiver.url, "events": ["customer.*"]}
    client.post("/v1/webhooks/endpoints", json=other).raise_for_status()
    with telling():
        pay()
        awaited(lambda: outbound(status="succeeded", event_type="payment.created"))
    [event] = client.get("/v1/events", params={"types": "payment.created"}).json()["events"]

    found = outbound(event_id=event["id"])

    assert {each["endpoint_id"]: each["status"] for each in found} == {
        nowhere["id"]: "pending",
        shop["id"]: "succeeded",
    }
    assert outbound(event_id=event["id"], status="pending", endpoint_id=shop["id"]) == []
    assert outbound(event_id="evt_nothing") == []
