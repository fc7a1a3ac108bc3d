"""An integration is tried out: a message leaves, or why it did not is said, and both recorded."""

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

INTEGRATIONS = "/v1/workflows/integrations"


def made(client, **said):
    return client.post(INTEGRATIONS, json=said).raise_for_status().json()["id"]


def tried(client, integration, **said):
    return client.post(f"{INTEGRATIONS}/{integration}/test", json=said)


@on_both_databases
@pytest.mark.parametrize(
    ("kind", "to"),
    [("email", "ama@shop.example"), ("sms", "+233201234567"), ("notification", None)],
)
def test_a_message_leaves_and_that_is_recorded(client, kind, to):
    integration = made(client, type=kind, provider="console")

    answer = tried(client, integration, to=to)

    assert answer.status_code == 200
    told = answer.json()
    assert (told["integration_id"], told["succeeded"], told["error"]) == (integration, True, None)
    known = client.get(f"{INTEGRATIONS}/{integration}").json()
    assert (known["last_tried_at"], known["last_tried_error"]) == (told["tried_at"], None)
    [last, *_] = client.get(f"{INTEGRATIONS}/{integration}/history").json()["history"]
    assert (last["topic"], last["changed"]) == ("integration.tried", [])


def test_why_it_did_not_leave_is_said_and_recorded_without_its_secrets(client):
    mail = {"host": "127.0.0.1", "port": 9, "tls": "starttls", "from": "hello@shop.example"}
    integration = made(
        client,
        type="email",
        provider="smtp",
        config=mail | {"username": "hello"},
        credentials={"password": "a very secret word"},
    )

    answer = tried(client, integration, to="ama@shop.example")

    assert answer.status_code == 200
    assert not answer.json()["succeeded"]
    assert answer.json()["error"]
    known = client.get(f"{INTEGRATIONS}/{integration}")
    assert known.json()["last_tried_error"] == answer.json()["error"]
    assert "secret" not in answer.text + known.text


@pytest.mark.parametrize(
    ("kind", "to"),
    [("email", None), ("email", "ama"), ("email", "a@b.c\r\nBcc: x@y.z"), ("sms", "none")],
)
def test_whom_nobody_can_reach_is_refused_and_nothing_recorded(client, kind, to):
    integration = made(client, type=kind, provider="console")

    refused = tried(client, integration, to=to)

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == "to"
    assert client.get(f"{INTEGRATIONS}/{integration}").json()["last_tried_at"] is None


def test_what_is_no_message_cannot_be_tried(client, receiver):
    integration = made(client, type="delivery", provider="webhook", config={"url": receiver.url})

    assert tried(client, integration, to="ama@shop.example").status_code == 400


@pytest.fixture
def texts(client, receiver):
    """An integration through which text messages reach somebody who counts them."""
    gateway = {"config": {"url": receiver.url}, "credentials": {"key": "secret"}}
    return made(client, type="sms", provider="http", **gateway)


ONCE = {"Idempotency-Key": "once"}


def test_a_key_sends_one_message_however_often_it_is_asked(client, receiver, texts):
    said = {"json": {"to": "+233201234567"}, "headers": ONCE}
    first = client.post(f"{INTEGRATIONS}/{texts}/test", **said)

    again = client.post(f"{INTEGRATIONS}/{texts}/test", **said)
    client.delete(f"{INTEGRATIONS}/{texts}").raise_for_status()
    after_all = client.post(f"{INTEGRATIONS}/{texts}/test", **said)

    assert first.json()["succeeded"]
    assert [each.headers.get("Idempotent-Replayed") for each in (again, after_all)] == ["true"] * 2
    assert {each.content for each in (again, after_all)} == {first.content}
    assert len(receiver.received) == 1


def test_another_message_under_the_same_key_does_not_leave(client, receiver, texts):
    client.post(f"{INTEGRATIONS}/{texts}/test", json={"to": "+233201234567"}, headers=ONCE)

    refused = client.post(
        f"{INTEGRATIONS}/{texts}/test", json={"to": "+233209999999"}, headers=ONCE
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_conflict")
    assert len(receiver.received) == 1


def test_nothing_leaves_through_what_was_removed(client, receiver, texts):
    client.delete(f"{INTEGRATIONS}/{texts}").raise_for_status()

    assert tried(client, texts, to="+233201234567").status_code == 404
    assert receiver.received == []
