"""Webhook endpoints: registered, changed, switched off and on, given another secret, removed."""

import base64
import json

import pytest
from reevit import Reevit, ReevitAPIError

URL = "https://shop.example/webhooks"


@pytest.fixture
def reevit(merchant):
    return Reevit(
        api_key=merchant.founded.keys["test"],
        org_id=merchant.org_id,
        base_url=merchant.server.url,
    )


@pytest.fixture
def register(client):
    def register(name="warehouse", **more):
        answer = client.post("/v1/webhooks/endpoints", json={"name": name, "url": URL} | more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return register


def refused(answer):
    body = answer.json()
    return answer.status_code, body["code"], body["details"].get("field")


def test_before_a_webhook_is_set_up_there_is_none(reevit):
    with pytest.raises(ReevitAPIError) as missing:
        reevit.webhooks.get_config()

    assert (missing.value.status_code, missing.value.code) == (404, "webhook_config_not_found")


def test_the_official_client_sets_up_the_webhook(reevit):
    made = reevit.webhooks.upsert_config({"url": URL, "events": ["payment.succeeded"]})

    assert reevit.webhooks.get_config() == made
    assert (made["url"], made["events"], made["enabled"]) == (URL, ["payment.succeeded"], True)
    assert made["name"] == "default"
    assert made["signing_secret"].startswith("whsec_")
    assert len(base64.b64decode(made["signing_secret"].removeprefix("whsec_"))) == 32


def test_the_secret_survives_another_address(reevit):
    made = reevit.webhooks.upsert_config({"url": URL})

    moved = reevit.webhooks.upsert_config({"url": "https://new.example/hooks", "enabled": False})

    assert moved["id"] == made["id"]
    assert moved["signing_secret"] == made["signing_secret"]
    assert (moved["status"], moved["disabled_reason"]) == ("disabled", "by_hand")


def test_the_official_client_removes_the_webhook(reevit):
    made = reevit.webhooks.upsert_config({"url": URL})

    reevit.webhooks.delete_config()

    with pytest.raises(ReevitAPIError):
        reevit.webhooks.get_config()
    again = reevit.webhooks.upsert_config({"url": URL})
    assert again["id"] != made["id"]
    assert again["signing_secret"] != made["signing_secret"]


def test_a_repeated_request_is_answered_with_the_same_secret(merchant, client):
    keyed = {"Idempotency-Key": "once"}

    answers = [
        client.post("/v1/webhooks/config", json={"url": URL}, headers=keyed) for _ in range(2)
    ]

    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert answers[0].json() == answers[1].json()
    stored = merchant.server.ledger.reply(merchant.book, "POST /v1/webhooks/config once")
    assert "whsec_" not in stored.body


def test_no_secret_stands_in_the_ledger(merchant, register):
    secret = register()["signing_secret"]

    facts = merchant.server.ledger.read(merchant.book, limit=99)

    assert "webhook_endpoint.registered" in [fact.topic for fact in facts]
    assert secret not in "".join(fact.data for fact in facts)
    assert secret.removeprefix("whsec_") not in "".join(fact.data for fact in facts)


def test_who_may_only_look_is_told_no_secret(merchant, client, register):
    endpoint_id = register()["id"]
    key = client.post("/v1/api-keys", json={"name": "looks", "scopes": ["webhooks:read"]}).json()[
        "raw"
    ]

    with merchant.client(key) as looking:
        shown = looking.get(f"/v1/webhooks/endpoints/{endpoint_id}")
        listed = looking.get("/v1/webhooks/endpoints")
        rotated = looking.post(f"/v1/webhooks/endpoints/{endpoint_id}/rotate")

    assert shown.json()["signing_secret"] is None
    assert [each["signing_secret"] for each in listed.json()["endpoints"]] == [None]
    assert rotated.status_code == 403


def test_there_are_as_many_as_anybody_wants_each_of_a_name_of_its_own(client, register):
    made = [register(name) for name in ("default", "warehouse", "books")]

    listed = client.get("/v1/webhooks/endpoints").json()["endpoints"]

    nothing_waits = {"waiting": 0, "waiting_is_exact": True}
    assert listed == [each | nothing_waits for each in made[::-1]]
    assert client.get("/v1/webhooks/config").json() == made[0]
    again = client.post("/v1/webhooks/endpoints", json={"name": "books", "url": URL})
    assert refused(again) == (409, "webhook_endpoint_already_exists", "name")


def test_one_that_nobody_names_is_called_by_its_id(client):
    made = [client.post("/v1/webhooks/endpoints", json={"url": URL}) for _ in range(2)]

    assert [answer.status_code for answer in made] == [201, 201]
    assert [answer.json()["name"] for answer in made] == [answer.json()["id"] for answer in made]


def test_what_is_left_out_of_a_change_stays_as_it_is(client, register):
    made = register(events=["payment.*"], metadata={"team": "ledger"})
    path = f"/v1/webhooks/endpoints/{made['id']}"

    changed = client.patch(path, json={"name": "depot", "events": None}).json()

    assert (changed["name"], changed["events"]) == ("depot", [])
    assert (changed["url"], changed["metadata"]) == (URL, {"team": "ledger"})
    shown = client.get(path).json()
    assert {name: shown[name] for name in changed} == changed
    register("warehouse")  # its name is free again
    taken = client.patch(path, json={"name": "warehouse"})
    assert refused(taken) == (409, "webhook_endpoint_already_exists", "name")


def test_one_is_switched_off_and_on(client, register):
    path = f"/v1/webhooks/endpoints/{register()['id']}"

    off = client.post(f"{path}/disable").json()
    on = client.post(f"{path}/enable").json()

    assert (off["enabled"], off["disabled_reason"]) == (False, "by_hand")
    assert off["disabled_at"] is not None
    assert (on["enabled"], on["disabled_reason"], on["disabled_at"]) == (True, None, None)


def test_rotating_gives_it_another_secret(client, register):
    made = register()

    rotated = client.post(f"/v1/webhooks/endpoints/{made['id']}/rotate").json()

    assert rotated["signing_secret"].startswith("whsec_")
    assert rotated["signing_secret"] != made["signing_secret"]


def test_one_that_was_removed_is_not_there(client, register):
    path = f"/v1/webhooks/endpoints/{register()['id']}"

    removed = client.delete(path)

    assert (removed.status_code, removed.content) == (204, b"")
    for answer in (client.get(path), client.post(f"{path}/enable"), client.delete(path)):
        assert refused(answer)[:2] == (404, "webhook_endpoint_not_found")
    assert client.get("/v1/webhooks/endpoints").json() == {"endpoints": []}
    register()


def test_another_organization_does_not_know_it(server, client, register):
    made = register()
    stranger = server.found("Kofi's shop").keys["test"]

    answer = client.get(f"/v1/webhooks/endpoints/{made['id']}", headers={"X-Reevit-Key": stranger})

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/hooks",
        "https://2130706433/hooks",
        "https://0x7f.1/hooks",
        "https://0177.0.0.1/hooks",
        "https://[::ffff:127.0.0.1]/hooks",
        "https://localhost./hooks",
        "https://10.0.0.7/hooks",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/hooks",
        "http://shop.example/hooks",
        "https://ama:secret@shop.example/hooks",
        "ftp://shop.example/hooks",
        "shop.example/hooks",
        "https://shop.example/\r\nX-Injected: yes",
    ],
)
def test_an_address_that_leads_inside_is_refused_where_it_is_written(merchant, url):
    with merchant.client(merchant.founded.keys["live"]) as live:
        answers = [
            live.post("/v1/webhooks/config", json={"url": url}),
            live.post("/v1/webhooks/endpoints", json={"name": "x", "url": url}),
        ]
        made = live.post("/v1/webhooks/config", json={"url": URL}).json()
        answers.append(live.patch(f"/v1/webhooks/endpoints/{made['id']}", json={"url": url}))

    assert [refused(answer) for answer in answers] == [(400, "validation_error", "url")] * 3


def test_in_test_mode_this_machine_may_be_told(client):
    answer = client.post("/v1/webhooks/config", json={"url": "http://localhost:4242/hooks"})

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("name", "meant"), [("payment.suceeded", "payment.succeeded"), ("paymant.*", None)]
)
def test_a_misspelt_event_is_refused_and_what_is_meant_is_named(client, name, meant):
    answer = client.post("/v1/webhooks/config", json={"url": URL, "events": [name]})

    assert refused(answer)[:2] == (400, "validation_error")
    assert name in answer.text
    assert meant is None or meant in answer.text


def test_what_other_platforms_tell_may_be_asked_for(client):
    events = ["refund.updated", "onboarding.*", "*", "api_key.created", "payment.*"]

    answer = client.post("/v1/webhooks/config", json={"url": URL, "events": events})

    assert answer.json()["events"] == events


def test_it_may_begin_at_a_position_or_a_moment_of_the_past(merchant, client, register):
    customer = client.post("/v1/customers", json={}).json()

    register("from the first", begin=0)
    register("since then", begin=customer["created_at"])
    register("from now", begin="now")

    stored = merchant.server.ledger.read(merchant.book, limit=99)
    before = max(each.position for each in stored if each.recorded_at < customer["created_at"])
    facts = [json.loads(fact.data) for fact in stored]
    begins = {fact["name"]: fact["told_after"] for fact in facts if "told_after" in fact}
    assert begins == {"from the first": 0, "since then": before, "from now": None}


@pytest.mark.parametrize("begin", [10_000, "2126-01-01T00:00:00Z"])
def test_it_cannot_begin_in_the_future(client, begin):
    body = {"name": "tomorrow", "url": URL, "begin": begin}

    answer = client.post("/v1/webhooks/endpoints", json=body)

    assert refused(answer) == (400, "validation_error", "begin")


@pytest.mark.parametrize("begin", [-1, "yesterday", 1.5, [], {"at": 1}])
def test_a_place_that_cannot_be_read_is_named_as_it_was_written(client, begin):
    body = {"name": "x", "url": URL, "begin": begin}
    replayed = {"endpoint": "default", "from": 1, "until": begin}

    answers = [
        client.post("/v1/webhooks/endpoints", json=body),
        client.post("/v1/webhooks/replay", json=replayed | {"from": begin}),
        client.post("/v1/webhooks/replay", json=replayed),
    ]

    fields = [answer.json()["details"]["field"] for answer in answers]
    assert fields == ["begin", "from", "until"]
    # What it could have been instead is said as well, and not the first of it alone.
    reason = answers[0].json()["details"]["reason"]
    assert "'now'" in reason
    assert "integer" in reason or "greater than" in reason
    assert "RFC 3339" in reason
