"""Rules, templates and integrations of workflows, as the API takes and gives them."""

from pathlib import Path

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

TAG = {"type": "add_tag", "config": {"tag": "big-spender"}}
RULE = {"name": "Big spenders", "trigger": "payment.success", "actions": [TAG]}
TEMPLATE = {
    "type": "email",
    "name": "Thanks",
    "subject": "Thank you, {{ customer_name }}",
    "body": "We received {{ money }}.",
}
MAIL = {
    "type": "email",
    "provider": "smtp",
    "config": {
        "host": "smtp.shop.example",
        "from": "hello@shop.example",
        "username": "hello@shop.example",
    },
    "credentials": {"password": "hunter2hunter2"},
}


def made(client, path, body):
    answer = client.post(f"/v1/workflows/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def refused(answer):
    assert answer.status_code == 400, answer.text
    return answer.json()["details"]["field"], answer.json()["message"]


@on_both_databases
def test_a_rule_is_made_changed_switched_and_removed(client):
    rule = made(client, "rules", RULE | {"conditions": {"min_amount": 10000}})
    assert rule["id"].startswith("wf_")
    assert (rule["enabled"], rule["priority"], rule["version"]) == (True, 0, 1)

    path = f"/v1/workflows/rules/{rule['id']}"
    changed = client.put(path, json={"name": "Bigger ones", "conditions": {}}).json()
    disabled = client.post(f"{path}/disable").json()
    enabled = client.post(f"{path}/enable", json={}).json()

    assert (changed["name"], changed["conditions"], changed["version"]) == ("Bigger ones", {}, 2)
    assert changed["actions"] == rule["actions"]
    assert (disabled["enabled"], enabled["enabled"], enabled["version"]) == (False, True, 4)
    assert client.get(path).json() == enabled
    assert client.delete(path).status_code == 204
    assert client.get(path).json()["code"] == "workflow_not_found"


def test_rules_are_listed_by_priority_and_asked_by_trigger_and_state(client):
    first = made(client, "rules", RULE)
    second = made(client, "rules", RULE | {"trigger": "customer.created", "enabled": False})
    urgent = made(client, "rules", RULE | {"priority": 5})

    def listed(**asked):
        found = client.get("/v1/workflows/rules", params=asked).json()
        return [rule["id"] for rule in found["workflows"]]

    assert listed() == [urgent["id"], second["id"], first["id"]]
    assert listed(trigger="payment.succeeded") == [urgent["id"], first["id"]]
    assert listed(enabled=False) == [second["id"]]
    assert listed(limit=1, offset=1) == [second["id"]]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("payment.succeeded", "payment.success"),
        ("refund.created", "refund.success"),
        ("invoice.failed", "subscription.past_due"),
        ("cart.abandoned", "cart.abandoned"),
    ],
)
def test_a_trigger_is_known_by_the_names_of_others_too(client, said, kept):
    assert made(client, "rules", RULE | {"trigger": said})["trigger"] == kept


def test_the_words_of_the_guides_are_kept_as_those_of_the_contract(client):
    rule = made(
        client,
        "rules",
        RULE
        | {
            "conditions": {"amount_gte": 500, "tags": "vip"},
            "actions": [{"type": "slack", "message": "{{ money }} from {{ customer_name }}"}],
        },
    )

    assert rule["conditions"] == {"min_amount": 500, "customer_tags": ["vip"]}
    assert rule["actions"] == [
        {
            "type": "send_notification",
            "integration_id": None,
            "template_id": None,
            "config": {"body": "{{ money }} from {{ customer_name }}"},
            "after": None,
        }
    ]


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"trigger": "high_risk_score"}, "trigger", "not offered"),
        ({"trigger": "payment.weird"}, "trigger", "there is no trigger"),
        ({"conditions": {"min_amnt": 5}}, "conditions.min_amnt", "nothing of this name"),
        (
            {"trigger": "customer.created", "conditions": {"min_amount": 5}},
            "conditions.min_amount",
            "cannot be asked of customer.created",
        ),
        ({"conditions": {"min_amount": 5, "max_amount": 4}}, "conditions", "nothing could meet"),
        ({"actions": []}, "actions", "at least 1"),
        ({"actions": [{"type": "send_whatsapp"}]}, "actions[0].type", "send_email"),
        ({"actions": [{"type": "add_tag"}]}, "actions[0]", "needs config.tag"),
        ({"actions": [{"type": "send_email"}]}, "actions[0]", "needs a template_id"),
        (
            {"actions": [{"type": "send_sms", "config": {"body": "{{ nmae }}"}}]},
            "actions[0].config.body",
            "nmae",
        ),
        (
            {"actions": [{"type": "webhook", "config": {"url": "https://127.0.0.1.:1"}}]},
            "actions[0].config.url",
            "public",
        ),
        ({"actions": [TAG | {"after": "soon"}]}, "actions[0].after", "is not a delay"),
    ],
)
def test_what_is_not_offered_or_could_not_be_meant_is_refused(merchant, change, field, says):
    with merchant.client(merchant.founded.keys["live"]) as client:
        answer = client.post("/v1/workflows/rules", json=RULE | change)

    where, message = refused(answer)
    assert (where, says in message) == (field, True), message


def test_an_action_names_only_what_there_is_and_what_fits(client):
    sms = made(client, "templates", {"type": "sms", "name": "Hi", "body": "{{ money }}"})
    action = {"type": "send_email", "template_id": sms["id"]}

    unfit = client.post("/v1/workflows/rules", json=RULE | {"actions": [action]})
    missing = client.post(
        "/v1/workflows/rules", json=RULE | {"actions": [action | {"template_id": "tpl_none"}]}
    )

    assert refused(unfit) == ("actions[0].template_id", unfit.json()["message"])
    assert refused(missing) == ("actions[0].template_id", missing.json()["message"])
    assert "no template tpl_none" in missing.json()["message"]


@on_both_databases
def test_a_template_names_its_variables_and_a_new_text_is_a_version(client):
    template = made(client, "templates", TEMPLATE)

    path = f"/v1/workflows/templates/{template['id']}"
    changed = client.put(path, json={"body": "It is here."}).json()

    assert template["variables"] == ["customer_name", "money"]
    assert (changed["variables"], changed["version"]) == (["customer_name"], 2)
    assert [each["id"] for each in client.get("/v1/workflows/templates").json()["templates"]] == [
        template["id"]
    ]
    assert client.delete(path).status_code == 204
    assert client.get(path).json()["code"] == "template_not_found"


@on_both_databases
@pytest.mark.parametrize(
    ("kind", "terms", "before", "after"),
    [
        ("templates", {"type": "email", "name": "Thanks"}, {"subject": "A", "body": "a"}, "B"),
        ("rules", RULE, {"description": "first"}, "second"),
    ],
)
def test_what_was_said_in_a_version_can_be_read_for_ever(client, kind, terms, before, after):
    made_so = made(client, kind, terms | before)
    name, path = next(iter(before)), f"/v1/workflows/{kind}/{made_so['id']}"

    client.put(path, json={name: after}).raise_for_status()
    client.delete(path).raise_for_status()

    then = client.get(path, params={"version": 1}).json()
    assert then == made_so
    assert client.get(path, params={"version": 2}).json()[name] == after
    for missing in ({}, {"version": 9}):
        assert client.get(path, params=missing).status_code == 404
    assert client.get(path, params={"version": 0}).status_code == 400


def test_an_unknown_variable_is_named_and_nothing_is_saved(client):
    unknown = client.post("/v1/workflows/templates", json=TEMPLATE | {"body": "{{ nmae }}"})

    assert unknown.status_code == 400
    assert unknown.json()["code"] == "invalid_template"
    assert unknown.json()["details"]["field"] == "body"
    assert "nmae" in unknown.json()["message"]
    assert client.get("/v1/workflows/templates").json()["templates"] == []


@on_both_databases
def test_credentials_are_sealed_and_told_to_nobody(client, server, merchant):
    integration = made(client, "integrations", MAIL)

    assert integration["has_credentials"] is True
    assert integration["config"] == MAIL["config"]
    assert "credentials" not in integration
    stored = "".join(fact.data for fact in server.ledger.read(merchant.book, limit=100))
    assert "hunter2" not in stored
    if server.ledger.engine.dialect.name == "sqlite":
        for suffix in ("", "-wal"):
            file = Path(f"{server.ledger.engine.url.database}{suffix}")
            assert b"hunter2" not in file.read_bytes()


def test_the_first_integration_of_a_type_is_meant_where_none_is_named_until_another_is(client):
    first = made(client, "integrations", MAIL)
    second = made(client, "integrations", MAIL | {"name": "Another"})
    assert (first["is_default"], second["is_default"]) == (True, False)

    path = f"/v1/workflows/integrations/{second['id']}"
    assert client.post(f"{path}/default").json()["is_default"] is True

    listed = client.get("/v1/workflows/integrations").json()["integrations"]
    assert [(each["id"], each["is_default"]) for each in listed] == [
        (second["id"], True),
        (first["id"], False),
    ]
    assert client.put(path, json={"status": "inactive"}).json()["status"] == "inactive"
    assert client.delete(path).status_code == 204
    assert client.get(path).json()["code"] == "integration_not_found"


def test_another_organization_s_and_the_other_mode_s_are_not_there(client, merchant, server):
    rule = made(client, "rules", RULE)

    with merchant.client(merchant.founded.keys["live"]) as live:
        assert live.get(f"/v1/workflows/rules/{rule['id']}").status_code == 404
    other = server.found("Kofi's shop")
    answer = client.get("/v1/workflows/rules", headers={"X-Reevit-Key": other.keys["test"]})
    assert answer.json()["workflows"] == []


def test_a_key_needs_the_scopes_of_workflows(client, merchant):
    key = client.post("/v1/api-keys", json={"name": "x", "scopes": ["workflows:read"]}).json()

    with merchant.client(key["raw"]) as reader:
        assert reader.get("/v1/workflows/rules").status_code == 200
        assert reader.post("/v1/workflows/rules", json=RULE).status_code == 403


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"provider": "pigeon"}, "provider", "not through pigeon"),
        ({"config": {"host": "smtp.shop.example"}}, "config.from", "required"),
        (
            {
                "type": "delivery",
                "provider": "webhook",
                "config": {"url": "https://10.0.0.7/x"},
                "credentials": {},
            },
            "config.url",
            "public",
        ),
        (
            {
                "type": "delivery",
                "provider": "webhook",
                "config": {"url": "https://shop.example/x"},
                "credentials": {"signing_secret": "short"},
            },
            "credentials.signing_secret",
            "pattern",
        ),
    ],
)
def test_an_integration_through_which_nothing_could_leave_is_refused(client, change, field, says):
    answer = client.post("/v1/workflows/integrations", json=MAIL | change)

    where, message = refused(answer)
    assert (where, says in message) == (field, True), message
    assert client.get("/v1/workflows/integrations").json()["integrations"] == []


def test_an_integration_can_not_be_changed_into_one_through_which_nothing_could_leave(client):
    path = f"/v1/workflows/integrations/{made(client, 'integrations', MAIL)['id']}"

    answer = client.put(path, json={"config": {"host": "smtp.shop.example"}})

    assert refused(answer)[0] == "config.from"
    assert client.get(path).json()["config"] == MAIL["config"]


def test_customers_are_named_by_the_business_s_own_ids_too(client):
    ada = client.post("/v1/customers", json={"external_id": "usr_ada"}).json()["id"]

    rule = made(client, "rules", RULE | {"conditions": {"customer_ids": ["usr_ada", ada]}})
    nobody = client.post(
        "/v1/workflows/rules", json=RULE | {"conditions": {"customer_ids": ["usr_none"]}}
    )

    assert rule["conditions"] == {"customer_ids": [ada, ada]}
    assert refused(nobody)[0] == "conditions.customer_ids"
