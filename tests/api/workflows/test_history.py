"""Who changed what of a rule, a template or an integration, and when."""

import pytest
from console_people import add_person, signed_in_as

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

RULE = {
    "name": "VIPs",
    "trigger": "payment.success",
    "actions": [{"type": "add_tag", "config": {"tag": "vip"}}],
}
MAIL = {
    "type": "email",
    "provider": "smtp",
    "config": {"host": "smtp.shop.example", "from": "hello@shop.example", "username": "hello"},
    "credentials": {"password": "a secret"},
}


def made(client, path, body):
    return client.post(path, json=body).raise_for_status().json()["id"]


def keyed(client, *scopes):
    asked = {"name": "a key", "scopes": ["workflows:read", *scopes]}
    return {"X-Reevit-Key": client.post("/v1/api-keys", json=asked).json()["raw"]}


def disabled_by_kofi(merchant, path, mode="test"):
    kofi = add_person(merchant, "kofi@shop.example", "owner", "Kofi Boateng")
    with signed_in_as(merchant, kofi.email, mode=mode) as browser:
        browser.post(f"/console{path.removeprefix('/v1')}/disable")
    return kofi


def told(client, path, **key):
    history = client.get(f"{path}/history", headers=key).raise_for_status().json()["history"]
    return [(each["topic"], each["changed"], each["actor_name"]) for each in history]


@on_both_databases
def test_a_rule_says_who_did_what_with_it_the_last_first(client, merchant):
    path = f"/v1/workflows/rules/{made(client, '/v1/workflows/rules', RULE)}"
    said = {"X-Actor-Id": "ama"}
    client.put(path, json={"name": "All", "priority": 3}, headers=said).raise_for_status()
    kofi = disabled_by_kofi(merchant, path)

    assert told(client, path) == [
        ("workflow_rule.disabled", [], kofi.id),
        ("workflow_rule.changed", ["name", "priority"], "ama"),
        ("workflow_rule.created", [], "first key"),
    ]
    first = client.get(f"{path}/history", params={"limit": 1}).json()
    assert first["history"][0]["actor"] == kofi.id
    cursor = {"limit": 1, "cursor": first["pagination"]["next_cursor"]}
    assert client.get(f"{path}/history", params=cursor).json()["history"][0]["version"] == 2


def test_a_person_is_named_to_those_who_may_read_accounts(merchant):
    with merchant.client(merchant.founded.keys["live"]) as live:
        path = f"/v1/workflows/rules/{made(live, '/v1/workflows/rules', RULE)}"
        kofi = disabled_by_kofi(merchant, path, mode="live")
        reads, knows_people = keyed(live, "workflows:read"), keyed(live, "users:read")

        assert told(live, path)[0][2] == "Kofi Boateng"
        assert told(live, path, **knows_people)[0][2] == "Kofi Boateng"
        assert told(live, path, **reads)[0][2] == kofi.id
        with signed_in_as(merchant, kofi.email, mode="live") as browser:
            assert "Kofi Boateng" in browser.get(f"/console{path.removeprefix('/v1')}").text


def test_nobody_is_taken_for_a_person_because_a_key_says_so(client, merchant):
    kofi = add_person(merchant, "kofi@shop.example", "owner", "Kofi Boateng")
    rule = client.post("/v1/workflows/rules", json=RULE, headers={"X-Actor-Id": kofi.id}).json()

    [made_it] = client.get(f"/v1/workflows/rules/{rule['id']}/history").json()["history"]

    assert made_it["actor_name"] == kofi.id
    assert made_it["key_id"] is not None


def test_of_credentials_only_that_they_are_others_is_told(client):
    path = f"/v1/workflows/integrations/{made(client, '/v1/workflows/integrations', MAIL)}"
    client.put(path, json={"credentials": {"password": "another secret"}}).raise_for_status()
    client.put(path, json={"config": MAIL["config"] | {"from": "hi@shop.example"}})

    answer = client.get(f"{path}/history")

    changed = [each["changed"] for each in answer.json()["history"]]
    assert changed == [["config"], ["credentials"], [], []]
    assert "secret" not in answer.text
    assert "sealed" not in answer.text


def test_what_was_removed_still_says_who_did_it_and_nothing_is_told_of_something_else(client):
    template = {"type": "sms", "name": "Hi", "body": "Hi"}
    path = f"/v1/workflows/templates/{made(client, '/v1/workflows/templates', template)}"
    client.delete(path).raise_for_status()

    assert [topic for topic, _, _ in told(client, path)] == [
        "message_template.removed",
        "message_template.created",
    ]
    other = path.replace("templates", "rules")
    refused = client.get(f"{other}/history")
    assert (refused.status_code, refused.json()["code"]) == (404, "workflow_not_found")
