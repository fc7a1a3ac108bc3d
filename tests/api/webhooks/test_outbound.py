"""What endpoints were told: listed, shown with each attempt, sent again, replayed."""

import json
from concurrent.futures import ThreadPoolExecutor
from csv import DictReader
from io import StringIO

import pytest
from receiver import Answers
from reevit import ReevitAPIError
from reevit.webhooks import construct_event
from standardwebhooks.webhooks import Webhook
from waiting import awaited

from ledger.schema import deliveries, delivery_cursors

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def server(new_server):
    """With nobody else's endpoints in its store."""
    return new_server()


@pytest.fixture
def register(client, receiver):
    def register(name="default", **more):
        told = {"name": name, "url": f"{receiver.url}/{name}"} | more
        return client.post("/v1/webhooks/endpoints", json=told).raise_for_status().json()

    return register


def rows_behind(server):
    with server.ledger.engine.connect() as connection:
        return connection.execute(deliveries.select()).all()


def bodies(receiver):
    return [json.loads(request.body) for request in receiver.received]


def accepted(request, secret):
    """What both kinds of receiver take it for."""
    event = construct_event(request.body, request.headers["x-reevit-signature"], secret)
    assert Webhook(secret).verify(request.body, request.headers) == event
    return event


@on_both_databases
def test_every_method_of_the_official_client(reevit, receiver, telling, pay):
    webhooks = reevit.webhooks
    made = webhooks.upsert_config({"url": receiver.url, "events": ["payment.*"]})
    with telling():
        payment = pay()
        awaited(webhooks.list_outbound)
    [delivery] = webhooks.list_outbound()

    assert webhooks.send_test()["status"] == "ok"
    assert webhooks.get_config() == made
    assert webhooks.list_events(limit=10) == []
    for missing in (webhooks.get_event, webhooks.replay_event, webhooks.get_outbound):
        with pytest.raises(ReevitAPIError) as refused:
            missing("evtd_1")
        assert refused.value.status_code == 404
    shown = webhooks.get_outbound(delivery["id"])
    assert {name: shown[name] for name in delivery} == delivery
    assert (delivery["status"], delivery["event_type"]) == ("succeeded", "payment.created")
    assert (delivery["target_url"], delivery["response_code"]) == (receiver.url, 200)
    told, tested = receiver.received
    event = accepted(told, made["signing_secret"])
    assert event["data"]["id"] == payment["id"]
    assert (event["id"], event["delivery_id"]) == (delivery["event_id"], delivery["id"])
    test = accepted(tested, made["signing_secret"])
    assert (test["event"], "message" in test, "data" in test) == (
        *("reevit.webhook.test", True, False),
    )
    webhooks.delete_config()


def test_a_test_says_why_it_was_not_taken(client, receiver, register):
    before = client.post("/v1/webhooks/test")
    endpoint = register(enabled=False)
    receiver.behave = lambda _request: Answers(401)

    refused = client.post("/v1/webhooks/test").json()
    again = client.post(f"/v1/webhooks/endpoints/{endpoint['id']}/test")

    assert (before.status_code, before.json()["code"]) == (400, "webhook_config_not_found")
    assert (again.status_code, again.json()["message"]) == (502, refused["message"])
    assert refused["code"] == "webhook_delivery_failed"
    assert "wrong secret" in refused["message"]
    details, sent = refused["details"], receiver.received[0].body.decode()
    assert (details["http_status"], details["response"], details["sent"]) == (401, "ok", sent)
    assert details["url"] == endpoint["url"]


@on_both_databases
@pytest.mark.parametrize("status", [200, 401])
def test_a_test_is_sent_once_by_a_key_and_answered_as_before(client, receiver, register, status):
    endpoint = register()
    receiver.behave = lambda _request: Answers(status)
    key = {"Idempotency-Key": "test-1"}
    paths = ("/v1/webhooks/test", f"/v1/webhooks/endpoints/{endpoint['id']}/test")

    first = [client.post(path, headers=key) for path in paths]
    receiver.behave = lambda _request: Answers(503)
    again = [client.post(path, headers=key) for path in paths]

    assert [each.status_code for each in first] == [200 if status == 200 else 502] * 2
    assert [(each.status_code, each.json()) for each in again] == [
        (each.status_code, each.json()) for each in first
    ]
    assert {each.headers["idempotent-replayed"] for each in again} == {"true"}
    assert len(receiver.received) == 2


def test_where_there_was_nothing_to_test_a_key_says_so_again(client, receiver, register):
    key = {"Idempotency-Key": "test-1"}
    first = client.post("/v1/webhooks/test", headers=key)
    register()

    again = client.post("/v1/webhooks/test", headers=key)

    assert (first.status_code, first.json()["code"]) == (400, "webhook_config_not_found")
    assert (again.status_code, again.json()) == (400, first.json())
    assert receiver.received == []


def test_each_attempt_is_shown_and_no_secret_that_was_answered(
    client, receiver, register, telling, pay, outbound
):
    secret = register(events=["payment.created"])["signing_secret"]
    receiver.behave = lambda _request: Answers(500, body=f"I know {secret}".encode())
    with telling():
        pay()
        awaited(outbound)

    [delivery] = outbound()
    shown = client.get(f"/v1/webhooks/outbound/{delivery['id']}")

    assert (delivery["status"], delivery["attempts"]) == ("pending", 1)
    assert delivery["next_attempt_at"] > delivery["last_attempt_at"]
    assert delivery["delivered_at"] is None
    [attempt] = shown.json()["history"]
    assert (attempt["attempt"], attempt["response_code"]) == (1, 500)
    assert attempt["response"].startswith("I know ")
    assert secret.removeprefix("whsec_") not in shown.text


def test_what_was_answered_is_told_to_who_may_know_customers(
    client, merchant, receiver, register, telling, pay, outbound
):
    register(events=["payment.created"])
    receiver.behave = lambda request: Answers(500, body=request.body)
    with telling():
        pay("ama@example.com")
        awaited(outbound)
    asked = {"name": "k", "scopes": ["webhooks:read", "webhooks:write"]}
    key = client.post("/v1/api-keys", json=asked).json()["raw"]

    [delivery] = outbound()
    with merchant.client(key) as other:
        shown = other.get(f"/v1/webhooks/outbound/{delivery['id']}")

    [attempt] = shown.json()["history"]
    assert (attempt["response_code"], attempt["response"]) == (500, None)
    assert "ama@example.com" not in shown.text


@on_both_databases
def test_who_may_not_know_customers_is_told_neither_how_many_nor_when(
    client, merchant, receiver, register, telling, pay, outbound
):
    endpoint = register()
    receiver.behave = lambda _request: Answers(500)
    with telling():
        pay()
        awaited(lambda: len(outbound(status="pending")) == 2)
    asked = {"name": "k", "scopes": ["webhooks:read", "webhooks:write"]}
    key = client.post("/v1/api-keys", json=asked).json()["raw"]
    [customer] = outbound(status="pending", event_type="customer.*")
    path = f"/v1/webhooks/outbound/{customer['id']}"

    with merchant.client(key) as other:
        listed = other.get("/v1/webhooks/outbound", params={"status": "pending"}).json()
        of_customers = other.get("/v1/webhooks/outbound", params={"event_type": "customer.*"})
        refused = [other.get(path), other.post(f"{path}/resend")]
        stats = other.get("/v1/webhooks/outbound/stats").json()["stats"]
        backlog = other.get(f"/v1/webhooks/endpoints/{endpoint['id']}").json()["backlog"]

    [payment] = listed
    assert (payment["event_type"], payment["position"]) == ("payment.created", None)
    assert of_customers.json() == []
    assert [each.status_code for each in refused] == [404, 404]
    assert (stats["total"], stats["pending"]) == (1, 1)
    assert (backlog["position"], backlog["waiting"]) == (None, 1)
    assert backlog["waiting_since"] == payment["created_at"]


@on_both_databases
def test_a_list_is_narrowed_down_and_paged(client, register, telling, pay, outbound):
    default, other = register(), register("books", events=["customer.*"])
    with telling():
        for customer in ("ama@example.com", "esi@example.com", "kofi@example.com"):
            pay(customer)
        awaited(lambda: len(outbound()) == 9)

    everything = outbound()
    firsts = client.get("/v1/webhooks/outbound", params={"limit": 4})
    rest = outbound(cursor=firsts.headers["Whence-Next-Cursor"])

    assert firsts.json() + rest == everything
    assert outbound(limit=5, offset=4) == everything[4:]
    assert everything == sorted(everything, key=lambda each: each["last_attempt_at"], reverse=True)
    assert len(outbound(endpoint_id=other["id"])) == 3
    assert len(outbound(event_type="payment.created")) == 3
    assert len(outbound(event_type="customer.*", target_url=default["url"])) == 3
    assert len(outbound(status="delivered")) == 9
    assert outbound(status="failed") == outbound(status="pending") == []
    assert outbound(event_type="nothing.such") == []
    stats = client.get("/v1/webhooks/outbound/stats").json()["stats"]
    assert (stats["total"], stats["succeeded"], stats["success_rate"]) == (9, 9, 1.0)


@on_both_databases
def test_what_waits_behind_a_failure_is_pending_and_shown_with_its_endpoint(
    client, receiver, register, telling, pay, outbound
):
    endpoint = register(events=["payment.created"])
    receiver.behave = lambda _request: Answers(500)
    with telling():
        for _ in range(3):
            pay()
        awaited(lambda: len(outbound(status="pending")) == 3 and outbound())

    first, _, newest = outbound(status="pending")
    shown = client.get(f"/v1/webhooks/endpoints/{endpoint['id']}").json()

    assert (newest["attempts"], newest["target_url"], first["attempts"]) == (0, None, 1)
    assert (shown["backlog"]["waiting"], shown["backlog"]["failed"]) == (3, 0)
    assert shown["backlog"]["waiting_since"] == first["created_at"]
    waiting = client.post(f"/v1/webhooks/outbound/{newest['id']}/resend")
    assert (waiting.status_code, waiting.json()["code"]) == (400, "invalid_state")


@on_both_databases
def test_from_the_first_failure_on_an_endpoint_says_since_when_it_fails_and_until_it_does_not(
    client, receiver, register, telling, pay
):
    path = f"/v1/webhooks/endpoints/{register(events=['payment.created'])['id']}"

    def since():
        [listed] = client.get("/v1/webhooks/endpoints").json()["endpoints"]
        shown = [client.get(each).json() for each in (path, "/v1/webhooks/config")]
        [found] = {each["failing_since"] for each in (listed, *shown)}
        return found

    before = since()
    receiver.behave = lambda _request: Answers(500)
    with telling():
        payment = pay()
        awaited(lambda: client.get(path).json()["failing_since"])
        failing = since()
        receiver.behave = lambda _request: Answers(200)
        pay("kofi@example.com")
        awaited(lambda: client.get(path).json()["failing_since"] is None)

    assert (before, since()) == (None, None)
    assert failing >= payment["created_at"]


def test_one_that_is_disabled_shows_what_waits_for_it_and_since_when(
    client, receiver, register, telling, pay
):
    endpoint = register(events=["payment.created"])
    path = f"/v1/webhooks/endpoints/{endpoint['id']}"
    client.post(f"{path}/disable").raise_for_status()
    payments = [pay() for _ in range(3)]
    imported = {"amount": 700, "currency": "GHS", "occurred_at": "2020-01-01T00:00:00Z"}
    client.post("/v1/payments/intents", json=imported).raise_for_status()

    with telling():
        waiting = client.get(path).json()["backlog"]
        client.post(f"{path}/enable").raise_for_status()
        awaited(lambda: len(receiver.received) == 3)
        awaited(lambda: client.get(path).json()["backlog"]["waiting"] == 0)

    assert (waiting["waiting"], waiting["waiting_is_exact"]) == (3, True)
    assert waiting["waiting_since"][:19] == payments[0]["created_at"][:19]
    assert [body["data"]["id"] for body in bodies(receiver)] == [each["id"] for each in payments]


@on_both_databases
def test_a_delivery_is_sent_again_with_the_same_id(
    client, receiver, register, telling, pay, outbound
):
    secret = register(events=["payment.created"])["signing_secret"]
    with telling():
        pay()
        awaited(outbound)
        [delivery] = outbound()

        again = client.post(f"/v1/webhooks/outbound/{delivery['id']}/resend")
        awaited(lambda: len(receiver.received) == 2)
        awaited(lambda: outbound()[0]["attempts"] == 2)

    assert (again.status_code, again.json()["status"]) == (202, "pending")
    first, second = (accepted(request, secret) for request in receiver.received)
    assert (second["id"], second["delivery_id"]) == (first["id"], first["delivery_id"])
    assert (first["attempt"], second["attempt"]) == (1, 2)
    assert second["data"] == first["data"]
    history = client.get(f"/v1/webhooks/outbound/{delivery['id']}").json()["history"]
    assert [each["response_code"] for each in history] == [200, 200]


def test_a_key_has_a_delivery_sent_again_once(client, receiver, register, telling, pay, outbound):
    register(events=["payment.created"])
    once = {"Idempotency-Key": "once"}
    with telling():
        pay()
        awaited(outbound)
        path = f"/v1/webhooks/outbound/{outbound()[0]['id']}/resend"
        first = client.post(path, headers=once)
        awaited(lambda: outbound()[0]["attempts"] == 2)

        again = client.post(path, headers=once)

    assert (again.status_code, again.content) == (202, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert outbound()[0]["attempts"] == 2
    assert len(receiver.received) == 2


@on_both_databases
def test_all_that_were_given_up_are_sent_again_in_order_for_each_customer(
    server, client, receiver, register, telling, pay, outbound
):
    endpoint = register(events=["payment.created"])
    receiver.behave = lambda _request: Answers(500)
    with telling():
        payments = [pay(who) for _ in range(4) for who in ("ama@example.com", "esi@example.com")]
        awaited(lambda: len(rows_behind(server)) == 8)
    with server.ledger.engine.begin() as connection:
        given_up = {"state": "failed", "next_attempt_at": "", "attempts": 5}
        connection.execute(deliveries.update().values(**given_up))
    receiver.behave = lambda _request: Answers(200)
    receiver.received.clear()

    again = client.post(f"/v1/webhooks/endpoints/{endpoint['id']}/resend")
    with telling():
        awaited(lambda: len(receiver.received) == 8)
        awaited(lambda: outbound(status="failed") == outbound(status="pending") == [])

    assert (again.status_code, again.json()) == (202, {"resent": 8})
    told = [body["data"] for body in bodies(receiver)]
    for customer_id in {payment["customer_id"] for payment in payments}:
        assert [each["id"] for each in told if each["customer_id"] == customer_id] == [
            each["id"] for each in payments if each["customer_id"] == customer_id
        ]


def test_a_range_of_facts_is_told_again_beside_what_happens(
    client, receiver, register, telling, pay
):
    for _ in range(3):
        pay()
    secret = register(events=["payment.created"])["signing_secret"]
    asked = {"endpoint": "default", "from": 1}
    keyed = {"Idempotency-Key": "once"}

    answers = [client.post("/v1/webhooks/replay", json=asked, headers=keyed) for _ in range(2)]
    with telling():
        awaited(lambda: len(receiver.received) == 3)
        live = pay()
        awaited(lambda: len(receiver.received) == 4)

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    told = [accepted(request, secret) for request in receiver.received]
    assert [event["replay"] for event in told] == [True, True, True, False]
    assert len({event["delivery_id"] for event in told}) == 4
    assert told[3]["data"]["id"] == live["id"]


def test_a_range_that_was_answered_and_not_begun_is_begun_when_asked_again(
    server, client, receiver, register, telling, pay
):
    pay()
    register(events=["payment.created"])
    asked, keyed = {"endpoint": "default", "from": 1}, {"Idempotency-Key": "once"}
    client.post("/v1/webhooks/replay", json=asked, headers=keyed).raise_for_status()
    with server.ledger.engine.begin() as connection:
        connection.execute(delivery_cursors.delete())

    client.post("/v1/webhooks/replay", json=asked, headers=keyed).raise_for_status()
    with telling():
        awaited(lambda: len(receiver.received) == 1)

    # Once it was told, asking for it again begins nothing.
    with telling():
        client.post("/v1/webhooks/replay", json=asked, headers=keyed).raise_for_status()
        pay()
        awaited(lambda: len(receiver.received) >= 2)
    assert [body["replay"] for body in bodies(receiver)] == [True, False]


def test_twenty_ranges_are_told_again_at_once_and_no_more(client, register):
    register()

    asked = {"endpoint": "default", "from": 1}
    first = {"Idempotency-Key": "the first"}
    headers = [first, *({"Idempotency-Key": str(number)} for number in range(20)), first]
    answers = [client.post("/v1/webhooks/replay", json=asked, headers=key) for key in headers]

    assert [answer.status_code for answer in answers] == [202] * 20 + [409, 202]
    assert answers[20].json()["code"] == "too_many_replays"
    assert answers[21].json() == answers[0].json()


def test_nothing_begins_for_an_endpoint_that_was_removed(client, server, register):
    endpoint = register()
    asked, key = {"endpoint": endpoint["id"], "from": 1}, {"Idempotency-Key": "once"}
    client.post("/v1/webhooks/replay", json=asked, headers=key).raise_for_status()
    client.delete(f"/v1/webhooks/endpoints/{endpoint['id']}").raise_for_status()
    with server.ledger.engine.begin() as connection:
        connection.execute(delivery_cursors.delete())

    answer = client.post("/v1/webhooks/replay", json=asked, headers=key)

    assert answer.status_code == 202
    with server.ledger.engine.connect() as connection:
        assert connection.execute(delivery_cursors.select()).all() == []


def test_four_tests_wait_for_somebody_who_does_not_answer_and_others_are_turned_away(
    merchant, receiver, register
):
    register()
    receiver.behave = lambda _request: Answers(body_after=1.5)

    def send(_turn):
        with merchant.client() as client:
            return client.post("/v1/webhooks/test").status_code

    with ThreadPoolExecutor(8) as clients:
        answers = sorted(clients.map(send, range(8)))

    assert answers == [200] * 4 + [429] * 4


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"endpoint": "nobody", "from": 1}, 404),
        ({"endpoint": "default", "from": 10_000}, 400),
        ({"endpoint": "default", "from": 2, "until": 1}, 400),
        ({"endpoint": "default"}, 400),
        ({"endpoint": "default", "from": "yesterday"}, 400),
    ],
)
def test_what_is_not_there_is_not_replayed(client, register, asked, status):
    register()

    assert client.post("/v1/webhooks/replay", json=asked).status_code == status


def test_another_organization_neither_sees_nor_sends_it(
    server, client, register, telling, pay, outbound
):
    register(events=["payment.created"])
    with telling():
        pay()
        awaited(outbound)
    [delivery] = outbound()
    stranger = {"X-Reevit-Key": server.found("Kofi's shop").keys["test"]}
    path = f"/v1/webhooks/outbound/{delivery['id']}"

    listed = client.get("/v1/webhooks/outbound", headers=stranger)

    assert listed.json() == []
    assert client.get(path, headers=stranger).status_code == 404
    assert client.post(f"{path}/resend", headers=stranger).status_code == 404


@on_both_databases
def test_what_was_told_is_taken_away_as_a_file(
    client, merchant, register, outbound, telling, pay, monkeypatch
):
    monkeypatch.setattr("projections.engine.querying.pages.EXPORT_STEP", 2)
    register()
    with telling():
        for _ in range(3):
            pay()
        awaited(lambda: len(outbound(status="succeeded", event_type="payment.*")) >= 3)
    asked = {"status": "succeeded", "event_type": "payment.*"}
    listed = outbound(**asked)

    exported = client.get("/v1/exports/webhook-deliveries", params=asked).json()
    table = client.get("/v1/exports/webhook-deliveries", params=asked | {"format": "csv"}).text

    assert exported == {"deliveries": listed, "total": len(listed)}
    assert [row["id"] for row in DictReader(StringIO(table))] == [each["id"] for each in listed]
    narrow = client.post("/v1/api-keys", json={"name": "w", "scopes": ["webhooks:read"]}).json()
    with merchant.client(narrow["key"]) as few:
        told = few.get("/v1/exports/webhook-deliveries", params=asked).json()["deliveries"]
        assert {each["position"] for each in told} == {None}
