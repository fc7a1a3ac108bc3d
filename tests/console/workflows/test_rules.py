"""Workflows in the console: an editor without script, and what a rule would have done beside it."""

import html
import re

import pytest
from console_browser import signed_in
from page_forms import fields_of
from page_text import text_of

from console.triggers import TRIGGER_WORDS
from domain.workflow_triggers import TRIGGERS

SPENDERS = {
    "name": "Big spenders",
    "trigger": "payment.success",
    "currencies": "GHS",
    "min_amount": "100.00",
    "action0_type": "add_tag",
    "action0_tag": "big-spender",
    "priority": "5",
}


@pytest.fixture
def paid(client):
    """Two payments of Ama's, of which one is large."""
    for amount in (5_000, 70_000):
        order = {"amount": amount, "currency": "GHS", "customer_id": "ama@example.com"}
        payment = client.post("/v1/payments/intents", json=order).raise_for_status().json()
        client.post(f"/v1/payments/{payment['id']}/confirm").raise_for_status()


@pytest.fixture
def rule(console, client):
    made = console.post("/console/workflows/new", data=SPENDERS)
    assert made.status_code == 303, made.text
    workflow_id = made.headers["location"].rpartition("/")[2]
    return client.get(f"/v1/workflows/rules/{workflow_id}").json()


def place(rule, action=""):
    return f"/console/workflows/rules/{rule['id']}{action}"


def known(client, rule):
    return client.get(f"/v1/workflows/rules/{rule['id']}").json()


def test_a_form_becomes_a_rule(rule, console):
    assert rule["trigger"] == "payment.success"
    assert rule["conditions"] == {"currencies": ["GHS"], "min_amount": 10_000}
    [action] = rule["actions"]
    assert (action["type"], action["config"]) == ("add_tag", {"tag": "big-spender"})
    assert "Big spenders" in console.get("/console/workflows").text
    assert "GHS\N{NO-BREAK SPACE}100.00" in console.get(place(rule)).text
    assert "such as {{ customer_name }} and {{ money }}." in console.get(place(rule, "/edit")).text


def test_a_new_rule_only_says_what_it_would_do_unless_it_is_let_act(console, client):
    form = fields_of(console.get("/console/workflows/new").text)
    typed = {name: said for name, said in SPENDERS.items() if name != "priority"}

    made = console.post("/console/workflows/new", data=form | typed)

    workflow_id = made.headers["location"].rpartition("/")[2].partition("?")[0]
    assert client.get(f"/v1/workflows/rules/{workflow_id}").json()["shadow"]
    assert "until you let it act" in console.get(f"/console/workflows/rules/{workflow_id}").text


def test_a_rule_saved_as_it_is_shown_stays_as_it_is(console, client):
    told = {
        "name": "All of it",
        "description": "Why not",
        "trigger": "payment.success",
        "conditions": {
            "currencies": ["GHS"],
            "min_amount": 10_050,
            "customer_tags": ["vip"],
            "customer_tags_none": ["staff"],
            "metadata_match": {"rank": 3},
            "first_payment": False,
            "as_of": "now",
        },
        "actions": [
            {
                "type": "send_sms",
                "config": {"body": "Thank you for {{ money }}.", "transactional": True},
                "after": "1h",
            },
            {"type": "add_tag", "config": {"tag": "thanked"}},
        ],
        "shadow": True,
    }
    rule = client.post("/v1/workflows/rules", json=told).raise_for_status().json()
    form = fields_of(console.get(place(rule, "/edit")).text)

    saved = console.post(place(rule, "/edit"), data=form)

    assert saved.status_code == 303, saved.text
    after = known(client, rule)
    for name in ("name", "description", "trigger", "conditions", "actions", "shadow", "priority"):
        assert after[name] == rule[name]


AMOUNTS = {"min_amount": 5_000, "max_amount": 900_000, "min_lifetime_value": 700}
EVERY_KIND = [
    {},
    AMOUNTS,
    {"min_lifetime_value": 5_000},
    {"max_amount": 1},
    AMOUNTS | {"currencies": ["GHS"]},
    AMOUNTS | {"currencies": ["JPY"]},
    AMOUNTS | {"currencies": ["KWD"]},
    AMOUNTS | {"currencies": ["GHS", "JPY"]},
    {"currencies": ["NGN", "KES"], "countries": ["GH"], "methods": ["card"], "sources": ["api"]},
    {
        "source_ids": ["pl_1", 'one, "two"'],
        "first_payment": True,
    },
    {"customer_tags": ["vip"], "customer_tags_all": ["a", "b"], "customer_tags_none": ["c"]},
    {"metadata_match": {"rank": 3, "a: b": " c "}, "customer_metadata_match": {"is": True}},
]
TAGS = [{"type": "add_tag", "config": {"tag": "x"}}]


@pytest.mark.usefixtures("paid")
@pytest.mark.parametrize("conditions", EVERY_KIND)
def test_conditions_of_every_kind_stay_when_their_rule_is_renamed(console, client, conditions):
    rule = made(
        client,
        "/v1/workflows/rules",
        name="Old",
        trigger="payment.success",
        conditions=conditions,
        actions=TAGS,
    )
    form = fields_of(console.get(place(rule, "/edit")).text)

    saved = console.post(place(rule, "/edit"), data=form | {"name": "New"})

    assert saved.status_code == 303, saved.text
    assert known(client, rule)["conditions"] == rule["conditions"]


EVERY_ACTION = [
    {"type": "send_email", "config": {"subject": "Hello", "body": "One\ntwo", "to": "a@b.example"}},
    {"type": "send_email", "config": {"receipt": True}, "after": "15m"},
    {"type": "send_sms", "config": {"body": "Thanks"}, "after": "7d"},
    {"type": "send_notification", "config": {"body": "Paid"}},
    {"type": "webhook", "config": {"url": "https://shop.example/hook"}},
    {"type": "add_tag", "config": {"tag": "x"}},
    {"type": "remove_tag", "config": {"tag": "y"}},
]


@pytest.mark.parametrize("action", EVERY_ACTION)
def test_an_action_of_every_type_stays_when_its_rule_is_renamed(console, client, action):
    rule = made(
        client,
        "/v1/workflows/rules",
        name="Old",
        trigger="payment.success",
        actions=[action, *TAGS],
    )
    form = fields_of(console.get(place(rule, "/edit")).text)

    saved = console.post(place(rule, "/edit"), data=form | {"name": "New"})

    assert saved.status_code == 303, saved.text
    assert known(client, rule)["actions"] == rule["actions"]


@pytest.mark.usefixtures("paid")
def test_an_amount_of_no_currency_is_shown_in_minor_units_and_changed_with_a_currency(
    console, client
):
    conditions = {"min_amount": 5_000, "max_amount": 9_000}
    told = {"name": "Old", "trigger": "payment.success", "conditions": conditions}
    rule = made(client, "/v1/workflows/rules", actions=TAGS, **told)
    shown = console.get(place(rule, "/edit")).text
    form = fields_of(shown) | {"min_amount": "60"}

    refused = console.post(place(rule, "/edit"), data=form)
    console.post(place(rule, "/edit"), data=form | {"currencies": "GHS"})

    assert "amounts stay in minor units" in shown
    assert 'id="f-currencies-error"' in refused.text
    changed = {"min_amount": 6_000, "max_amount": 9_000, "currencies": ["GHS"]}
    assert known(client, rule)["conditions"] == changed


@pytest.mark.usefixtures("paid")
def test_what_a_rule_would_have_done_is_what_the_api_says(console, client):
    part = console.post(
        "/console/workflows/backtest",
        data=SPENDERS,
        headers={"HX-Request": "true", "HX-Target": "section#backtest"},
    ).text
    whole = console.post("/console/workflows/backtest", data=SPENDERS).text

    asked = {
        "name": "Big spenders",
        "trigger": "payment.success",
        "conditions": {"currencies": ["GHS"], "min_amount": 10_000},
        "actions": [{"type": "add_tag", "config": {"tag": "big-spender"}}],
    }
    said = client.post("/v1/workflows/rules/backtest", json={"rule": asked}).json()
    assert said["executions"] == 1
    assert "Add tag" in part
    assert "1 time<" in part
    assert "<html" not in part
    assert 'value="Big spenders"' in whole
    assert client.get("/v1/workflows/rules").json()["workflows"] == []


@pytest.mark.usefixtures("paid")
def test_a_message_that_would_have_been_sent_is_shown(console, client):
    client.patch(
        f"/v1/customers/{client.get('/v1/customers').json()['customers'][0]['id']}",
        json={"phone": "+233201234567"},
    )
    words = {"action0_type": "send_sms", "action0_body": "Thank you for {{ money }}."}
    integration = {"type": "sms", "provider": "console"}
    client.post("/v1/workflows/integrations", json=integration).raise_for_status()

    shown = console.post("/console/workflows/backtest", data={**SPENDERS, **words}).text

    assert "Send sms" in shown


def test_what_is_missing_is_said_while_it_is_typed_and_beside_its_field_when_sent(console):
    half = {"trigger": "payment.success", "action0_type": "add_tag"}

    tried = console.post("/console/workflows/backtest", data=half)
    sent = console.post("/console/workflows/new", data=half)
    amount = console.post("/console/workflows/new", data={**SPENDERS, "currencies": ""})
    nothing = console.post("/console/workflows/backtest", data={**SPENDERS, "action0_type": ""})

    assert tried.status_code == 200
    assert "Not tried yet: Say which tag." in tried.text
    assert "Not tried yet: Choose what it does." in nothing.text
    assert sent.status_code == 400
    assert 'id="f-name-error"' in sent.text
    assert 'id="f-currencies-error"' in amount.text


def test_only_what_was_typed_last_is_tried_and_what_is_edited_is_tried_at_once(console, rule):
    new = console.get("/console/workflows/new").text
    edited = console.get(place(rule, "/edit")).text

    for page in (new, edited):
        assert 'hx-sync="this:replace"' in page
        assert 'hx-indicator="#backtest"' in page
    assert 'hx-trigger="input delay:600ms"' in new
    assert 'hx-trigger="load, input delay:600ms"' in edited


@pytest.mark.usefixtures("paid")
def test_a_try_that_did_not_come_to_the_end_says_how_far_it_came(console, monkeypatch):
    monkeypatch.setattr("delivery.workflows.backtest._LONGEST", 0)
    monkeypatch.setattr("delivery.workflows.backtest._PAGE", 1)

    tried = console.post("/console/workflows/backtest", data=SPENDERS).text

    assert "the latest 1 of such events were looked at: what happened since " in tried
    assert "facts" not in text_of(tried).partition("What it would have done")[2]


def test_a_try_that_fails_says_so_where_it_stands_and_offers_to_try_again(console):
    gone = {**SPENDERS, "workflow_id": "wf_gone"}

    failed = console.post(
        "/console/workflows/backtest",
        data=gone,
        headers={"HX-Request": "true", "HX-Target": "section#backtest"},
    ).text

    assert 'id="backtest"' in failed
    assert 'data-again="#backtest"' in failed
    assert "hx-get" not in failed


def test_a_rule_is_switched_off_into_the_shadow_and_on(console, client, rule):
    console.post(place(rule, "/disable"))
    off = known(client, rule)
    console.post(place(rule, "/enable"))
    console.post(place(rule, "/shadow"), data={"shadow": "true"})
    on = known(client, rule)

    assert not off["enabled"]
    assert on["enabled"]
    assert on["shadow"]


def test_how_a_rule_changed_is_shown(console, rule):
    console.post(place(rule, "/edit"), data={**SPENDERS, "name": "Large", "min_amount": "200"})

    shown = console.get(place(rule)).text

    assert "Changed: conditions, name (version 2)" in shown
    assert "Made (version 1)" in shown


def test_a_rule_is_removed_by_whoever_types_its_name(console, client, rule):
    kept = console.post(place(rule, "/remove"), data={"typed": "something"})
    removed = console.post(place(rule, "/remove"), data={"typed": "Big spenders"})

    assert 'id="f-typed-error"' in kept.text
    assert removed.headers["location"] == "/console/workflows"
    assert client.get("/v1/workflows/rules").json()["workflows"] == []


def test_whoever_may_only_look_finds_nothing_to_press(merchant, client, rule):
    made = client.post("/v1/api-keys", json={"name": "k", "scopes": ["workflows:read"]}).json()

    with signed_in(merchant.server.url, made["key"]) as console:
        shown = console.get(place(rule)).text

    pressed = re.findall(rf'method="post" action="{place(rule)}([^"]*)"', shown)
    assert pressed == ["/backtest"]


def test_without_executions_a_page_says_what_would_be_there(console):
    assert "Nothing followed yet" in console.get("/console/workflows/executions").text


def test_the_lists_of_what_is_set_up_go_on_where_they_end(console, client, rule):
    said = {name: rule[name] for name in ("trigger", "conditions", "actions")}
    for number in range(49):
        made(client, "/v1/workflows/rules", name=f"Rule {number:02}", **said)
    config = {"from": "hello@shop.example", "host": "smtp.shop.example", "port": 465}
    for number in range(51):
        name = f"Mail {number:02}"
        through = {"type": "email", "provider": "smtp", "name": name, "config": config}
        made(client, "/v1/workflows/integrations", **through)

    for place in ("/console/workflows", "/console/settings/integrations"):
        first = console.get(place).text
        second = console.get(following(first)).text

        assert "1 to 50 of 51" in text_of(first)
        assert "51 to 51 of 51" in text_of(second)


def test_how_a_rule_changed_goes_on_as_well(console, client, rule):
    for number in range(25):
        path = f"/v1/workflows/rules/{rule['id']}"
        client.put(path, json={"name": f"Name {number}"}).raise_for_status()

    first = console.get(place(rule)).text
    second = console.get(following(first)).text

    assert "(version 26)" in first
    assert "(version 1)" not in first
    assert "21 to 26 of 26" in text_of(second)
    assert "(version 1)" in second


def test_a_template_is_chosen_from_all_there_are(console, client):
    for number in range(201):
        words = {"type": "sms", "name": f"Words {number:03}", "body": "Thank you"}
        made(client, "/v1/workflows/templates", **words)

    editor = console.get("/console/workflows/new").text

    assert "Words 000" in editor
    assert "Words 200" in editor


def made(client, path, **body):
    return client.post(path, json=body).raise_for_status().json()


def following(page):
    return html.unescape(re.search(r'rel="next" href="([^"]+)"', page)[1])


def test_the_history_says_whether_it_acts_since(console, rule):
    for is_shadow in ("true", "false"):
        console.post(place(rule, "/shadow"), data={"shadow": is_shadow})

    told = text_of(console.get(place(rule)).text)

    assert "Acts now (version 3)" in told
    assert "Only says what it would do (version 2)" in told
    assert "Changed: whether" not in told
    assert "shadow (version" not in told


def test_what_was_typed_for_another_action_is_left_out(console, client):
    typed = {
        "action0_type": "add_tag",
        "action0_body": "Hello",
        "action0_url": "https://shop.example",
        "action0_receipt": "true",
    }

    made = console.post("/console/workflows/new", data=SPENDERS | typed)

    assert made.status_code == 303, made.text
    [action] = client.get("/v1/workflows/rules").json()["workflows"][0]["actions"]
    assert action["config"] == {"tag": "big-spender"}


VIP = {
    "name": "VIP",
    "trigger": "payment.success",
    "min_lifetime_value": "1000",
    "action0_type": "add_tag",
    "action0_tag": "vip",
}


def test_a_currency_stands_beside_the_amount_that_needs_one(console, client):
    refused = console.post("/console/workflows/new", data=VIP).text
    torn = console.post(
        "/console/workflows/new", data={**VIP, "currencies": "NGN", "lifetime_currency": "GHS"}
    ).text
    made = console.post("/console/workflows/new", data={**VIP, "lifetime_currency": "GHS"})

    assert 'id="f-lifetime_currency-error"' in refused
    assert 'id="f-lifetime_currency-error"' in torn
    assert made.status_code == 303, made.text
    [rule] = client.get("/v1/workflows/rules").json()["workflows"]
    assert rule["conditions"] == {"currencies": ["GHS"], "min_lifetime_value": 100_000}


@pytest.mark.usefixtures("paid")
def test_where_all_is_paid_in_one_currency_an_amount_needs_to_name_none(console, client):
    made = console.post("/console/workflows/new", data=VIP)

    assert made.status_code == 303, made.text
    [rule] = client.get("/v1/workflows/rules").json()["workflows"]
    assert rule["conditions"] == {"currencies": ["GHS"], "min_lifetime_value": 100_000}


@pytest.mark.usefixtures("paid")
def test_who_has_a_tag_already_and_who_gets_it_when_is_said_before_it_is_saved(console, client):
    client.post("/v1/customers", json={"email": "esi@example.com", "tags": ["vip"]})

    tried = text_of(console.post("/console/workflows/backtest", data=VIP).text)

    assert "1 customer has the tag vip already." in tried
    assert "today already is found the next time" in tried


@pytest.mark.usefixtures("paid")
def test_the_page_of_a_rule_shows_what_it_would_have_done(console, rule):
    offered = console.get(place(rule)).text
    tried = console.post(place(rule, "/backtest")).text

    assert f'action="{place(rule, "/backtest")}"' in offered
    assert "0 customers have the tag big-spender already." in text_of(tried)
    assert "Add tag" in tried


def test_every_trigger_is_said_in_words(console, rule):
    editor = text_of(console.get("/console/workflows/new").text)

    assert set(TRIGGER_WORDS) == set(TRIGGERS)
    assert "A payment succeeds · payment.success" in editor
    for path in ("/console/workflows", place(rule)):
        assert "A payment succeeds" in console.get(path).text
