"""Backtests: what a workflow would have brought about, and nothing is sent by asking."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from workflow_parts import do_what_follows

from delivery.workflows.customer_money import payments_of

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

SMS = {
    "type": "sms",
    "provider": "africastalking",
    "config": {"username": "sandbox", "price_per_segment": "0.02", "price_currency": "USD"},
    "credentials": {"api_key": "a-secret-key"},
}
RULE = {
    "name": "Thanks",
    "trigger": "payment.success",
    "conditions": {"min_amount": 1000},
    "actions": [{"type": "send_sms", "message": "Thank you, {{ customer_name }}"}],
}


def customer(client, name, **more):
    return client.post("/v1/customers", json={"name": name, **more}).json()["id"]


def pay(client, customer_id, amount):
    intent = {"amount": amount, "currency": "GHS", "customer_id": customer_id}
    paid = client.post("/v1/payments/intents", json=intent).json()
    client.post(f"/v1/payments/{paid['id']}/confirm").raise_for_status()


@pytest.fixture
def shop(client):
    """Ada pays twice, Kofi too little, and Esi has no number."""
    ada = customer(client, "Ada", phone="+233201234567", tags=["vip"])
    for who, amount in (
        (ada, 5000),
        (ada, 7000),
        (customer(client, "Kofi", phone="+233201234568"), 500),
        (customer(client, "Esi"), 3000),
    ):
        pay(client, who, amount)
    return ada


def backtest(client, rule=RULE, **asked):
    answer = client.post("/v1/workflows/rules/backtest", json={"rule": rule, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


@on_both_databases
def test_it_says_who_would_have_been_told_what_and_what_that_would_have_cost(
    client, shop, server, merchant
):
    sms = client.post("/v1/workflows/integrations", json=SMS).raise_for_status().json()
    head = server.ledger.head(merchant.book)

    report = backtest(client)

    assert (report["facts"], report["executions"], report["customers"]) == (4, 3, 2)
    assert (report["most_of_one_customer"], report["is_complete"]) == (2, True)
    assert report["busiest_hour"]["executions"] == 3
    [action] = report["actions"]
    assert (action["would_do"], action["segments"], action["cost"]) == (2, 2, "0.04")
    assert action["integration_id"] == sms["id"]
    assert action["skipped"] == [{"reason": "the customer has no phone", "count": 1}]
    [told, untold] = report["people"]
    assert told == {"customer_id": shop, "executions": 2, "messages": 2}
    assert (untold["executions"], untold["messages"]) == (1, 0)
    assert [each["text"] for each in report["examples"]] == ["Thank you, Ada"] * 2
    assert report["examples"][0]["customer_id"] == shop
    assert server.ledger.head(merchant.book) == head


@pytest.mark.usefixtures("shop")
def test_it_says_that_there_is_nothing_yet_through_which_it_would_leave(client):
    calls = {"type": "webhook", "config": {"url": "https://shop.example/in"}}

    report = backtest(client, RULE | {"actions": [*RULE["actions"], calls]})

    assert [each["would_do"] for each in report["actions"]] == [2, 3]
    assert [each["integration_id"] for each in report["actions"]] == [None, None]


@pytest.mark.usefixtures("shop")
def test_a_rule_that_is_there_is_asked_by_its_id_and_a_range_has_an_end(client):
    rule = client.post("/v1/workflows/rules", json=RULE).json()
    path = f"/v1/workflows/rules/{rule['id']}/backtest"

    whole = client.post(path).json()
    past = client.post(path, json={"from": "2020-01-01", "until": "2020-02-01"}).json()
    backwards = client.post(path, json={"from": "2020-02-01", "until": "2020-01-01"})

    assert (whole["executions"], past["executions"], past["facts"]) == (3, 0, 0)
    assert backwards.json()["details"]["field"] == "from"
    assert client.post("/v1/workflows/rules/wf_none/backtest").status_code == 404


def test_what_would_follow_is_what_then_follows(client, shop, server):
    conditions = [
        {"first_payment": True},
        {"first_payment": False},
        {"min_lifetime_value": 12000},
        {"customer_tags": ["vip"]},
        {"customer_tags_none": ["vip"], "max_amount": 600},
    ]
    rules = [
        RULE | {"conditions": each, "actions": [{"type": "remove_tag", "tag": "x"}]}
        for each in conditions
    ]
    made = [client.post("/v1/workflows/rules", json=rule).json()["id"] for rule in rules]
    pay(client, shop, 900)
    pay(client, customer(client, "Yaw"), 100)
    partial(do_what_follows, server.ledger)()

    def followed(rule):
        asked = {"workflow_id": rule}
        listed = client.get("/v1/workflows/executions", params=asked).json()
        return [each["event_id"] for each in listed["executions"]]

    counts = [
        backtest(client, rule)["executions"] - backtest_before(client, rule, made[0])
        for rule in rules
    ]
    assert [len(followed(rule)) for rule in made] == counts


def backtest_before(client, rule, made):
    """How often it would have been set off before the rules were made."""
    until = client.get(f"/v1/workflows/rules/{made}").json()["created_at"]
    return backtest(client, rule, until=until)["executions"]


@pytest.mark.usefixtures("shop")
def test_what_could_not_be_made_is_refused(client):
    wrong = RULE | {"conditions": {"min_amnt": 5}}

    answer = client.post("/v1/workflows/rules/backtest", json={"rule": wrong})

    assert answer.status_code == 400
    assert "min_amnt" in answer.json()["details"]["field"]


@pytest.mark.usefixtures("shop")
def test_who_may_not_read_customers_is_shown_neither_people_nor_examples(client, merchant):
    client.post("/v1/workflows/integrations", json=SMS).raise_for_status()
    key = client.post("/v1/api-keys", json={"name": "x", "scopes": ["workflows:read"]}).json()

    with merchant.client(key["raw"]) as blind:
        report = backtest(blind)

    assert (report["actions"][0]["would_do"], report["customers"]) == (2, 2)
    assert (report["people"], report["examples"]) == ([], [])


def test_a_cart_that_is_still_open_is_not_abandoned_yet(client):
    cart = {"amount": 77777, "currency": "GHS", "customer_id": customer(client, "Ada")}
    client.post("/v1/checkout/sessions", json=cart).raise_for_status()
    rule = RULE | {"trigger": "cart.abandoned", "conditions": {}}

    assert backtest(client, rule)["executions"] == 0


@pytest.mark.usefixtures("shop")
@on_both_databases
def test_it_looks_for_so_long_at_the_last_first_and_says_how_far_back_it_came(client, monkeypatch):
    latest = customer(client, "Yaw", phone="+233201234569")
    pay(client, latest, 9000)
    whole = backtest(client)
    monkeypatch.setattr("delivery.workflows.backtest._LONGEST", 0)
    monkeypatch.setattr("delivery.workflows.backtest._PAGE", 1)

    first = backtest(client)
    rest = backtest(client, until=first["since"])

    assert (first["facts"], first["is_complete"]) == (1, False)
    assert whole["since"] < first["since"] < first["looked_until"]
    assert [each["customer_id"] for each in first["people"]] == [latest]
    assert rest["looked_until"] == first["since"]
    parts = [first, rest]
    while not parts[-1]["is_complete"]:
        parts.append(backtest(client, **{"from": whole["since"], "until": parts[-1]["since"]}))
    assert sum(part["executions"] for part in parts) == whole["executions"]
    assert sum(part["facts"] for part in parts) == whole["facts"]


@on_both_databases
def test_what_was_imported_counts_when_it_happened(client):
    who = customer(client, "Ada")
    now = datetime.now(UTC)
    # As a list that begins with the latest: it is told in the order in which it happened.
    for days_ago in (2, 12, 40):
        imported(client, who, 4000, now - timedelta(days=days_ago))
    thanked = RULE | {"actions": [{"type": "add_tag", "tag": "loyal"}]}

    paid = backtest(client, thanked)
    loyal = backtest(client, thanked | {"conditions": {"min_lifetime_value": 12000}})
    second = backtest(client, thanked | {"conditions": {"min_lifetime_value": 8000}})
    first = backtest(client, thanked | {"conditions": {"first_payment": True}})
    span = [str((now - timedelta(days=days)).date()) for days in (45, 35)]
    long_ago = backtest(client, thanked, **{"from": span[0], "until": span[1]})

    assert [each["executions"] for each in (paid, loyal, second, first)] == [2, 1, 2, 0]
    assert (long_ago["executions"], long_ago["facts"]) == (1, 1)
    then = (now - timedelta(days=2)).strftime("%Y-%m-%dT%H:00:00Z")
    assert loyal["busiest_hour"] == {"hour": then, "executions": 1}


def imported(client, customer_id, amount, at):
    intent = {"amount": amount, "currency": "GHS", "customer_id": customer_id}
    moment = {"occurred_at": at.isoformat()}
    paid = client.post("/v1/payments/intents", json=intent | moment).raise_for_status().json()
    client.post(f"/v1/payments/{paid['id']}/confirm", json=moment).raise_for_status()


def test_what_customers_had_spent_is_asked_for_once_of_all_of_them(client, monkeypatch):
    asked = []

    def counting(views):
        ask = payments_of(views)

        async def counted(book, customers):
            asked.append(customers)
            return await ask(book, customers)

        return counted

    monkeypatch.setattr("api.workflows.backtests.payments_of", counting)
    spenders = [customer(client, f"Customer {number}") for number in range(5)]
    for each in spenders:
        pay(client, each, 6000)
        pay(client, each, 6000)
    conditions = {"min_lifetime_value": 10_000, "currencies": ["GHS"]}

    report = backtest(client, RULE | {"conditions": conditions})

    assert (report["executions"], report["customers"]) == (5, 5)
    assert [sorted(each) for each in asked] == [sorted(spenders)]
