"""Executions: what followed from what, and what came of it, as the API tells it."""

from datetime import timedelta
from functools import partial

import pytest
from workflow_parts import do_what_follows

from delivery.messages.results import SendResult
from delivery.workflows.doing import Done

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

TAG = {"type": "add_tag", "config": {"tag": "big-spender"}}
RULE = {"name": "Big spenders", "trigger": "payment.success", "actions": [TAG]}


@pytest.fixture
def work(server):
    """Does all that follows by now, as the service does beside answering."""

    return partial(do_what_follows, server.ledger)


@pytest.fixture
def ada(client):
    return client.post("/v1/customers", json={"external_id": "usr_ada", "name": "Ada"}).json()["id"]


def pay(client, amount=4000):
    intent = {"amount": amount, "currency": "GHS", "customer_id": "usr_ada"}
    return client.post("/v1/payments/intents", json=intent).json()["id"]


@on_both_databases
def test_what_followed_says_from_what_and_what_came_of_it(client, work, ada):
    rule = client.post("/v1/workflows/rules", json=RULE).json()
    payment = pay(client)

    work()

    listed = client.get("/v1/workflows/executions", params={"workflow_id": rule["id"]}).json()
    [execution] = listed["executions"]
    assert listed["pagination"]["total"] == 1
    assert (execution["status"], execution["customer_id"]) == ("completed", ada)
    assert execution["trigger_payload"]["id"] == execution["event_id"]
    assert execution["trigger_payload"]["type"] == "payment.succeeded"
    assert execution["trigger_payload"]["data"]["id"] == payment
    path = f"/v1/workflows/executions/{execution['id']}"
    assert client.get(path).json() == execution
    [action] = client.get(f"{path}/actions").json()["actions"]
    assert (action["action_type"], action["status"], action["retry_count"]) == (
        "add_tag",
        "success",
        0,
    )
    [attempt] = action["history"]
    assert (attempt["attempt"], attempt["error"]) == (1, None)
    assert client.get(f"/v1/customers/{ada}").json()["tags"] == ["big-spender"]
    assert client.get("/v1/webhooks/outbound").json() == []
    assert client.get("/v1/webhooks/outbound/stats").json()["stats"]["total"] == 0


def test_executions_are_asked_by_state_and_customer(client, work, ada):
    client.post("/v1/workflows/rules", json=RULE)
    pay(client)
    work()

    def listed(**asked):
        return len(client.get("/v1/workflows/executions", params=asked).json()["executions"])

    assert (listed(status="completed"), listed(status="failed")) == (1, 0)
    assert (listed(customer_id=ada), listed(customer_id="cus_other")) == (1, 0)
    assert listed(offset=1) == 0


@pytest.mark.usefixtures("ada")
def test_what_followed_from_an_event_is_found_by_it(client, work):
    first, second = (client.post("/v1/workflows/rules", json=RULE).json()["id"] for _ in "12")
    pay(client)
    pay(client)
    work()
    client.delete(f"/v1/workflows/rules/{first}").raise_for_status()
    paid = client.get("/v1/events", params={"types": "payment.succeeded"}).json()["events"]

    def followed(**asked):
        found = client.get("/v1/workflows/executions", params=asked).json()
        assert found["pagination"]["total"] == len(found["executions"])
        return {(each["workflow_id"], each["event_id"]) for each in found["executions"]}

    event = paid[-1]["id"]
    assert followed(event_id=event) == {(first, event), (second, event)}
    assert followed(event_id=event, workflow_id=second) == {(second, event)}
    assert followed(event_id="evt_none") == set()


@pytest.mark.usefixtures("ada")
def test_what_followed_from_a_payment_is_found_by_it(client, work):
    for trigger in ("payment.created", "payment.success"):
        client.post("/v1/workflows/rules", json={**RULE, "trigger": trigger}).raise_for_status()
    for _ in "12":
        pay(client)
    work()
    paid = client.get("/v1/events", params={"types": "payment.succeeded"}).json()["events"][-1]
    payment = client.get("/v1/payments").json()[0]["id"]

    def followed(**asked):
        found = client.get("/v1/workflows/executions", params=asked).json()["executions"]
        return {each["event_id"] for each in found}

    assert len(followed()) == 4
    assert len(followed(payment_id=payment)) == 2
    assert paid["id"] in followed(payment_id=payment)
    assert followed(payment_id=payment, event_id=paid["id"]) == {paid["id"]}
    assert followed(payment_id="pay_none") == followed(payment_id="pay_none", event_id="x") == set()


def test_an_execution_that_is_none_is_not_found(client):
    for named in ("exe_x_1", "exe_01hx_99", "nonsense"):
        missing = client.get(f"/v1/workflows/executions/{named}")
        assert (missing.status_code, missing.json()["code"]) == (404, "execution_not_found")


def test_who_may_not_read_customers_is_not_told_what_followed(client, merchant):
    key = client.post("/v1/api-keys", json={"name": "x", "scopes": ["workflows:read"]}).json()

    with merchant.client(key["raw"]) as blind:
        answer = blind.get("/v1/workflows/executions")

    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.usefixtures("ada")
def test_a_rule_that_waits_says_when(client, work):
    later = TAG | {"after": "2d"}
    client.post("/v1/workflows/rules", json=RULE | {"actions": [later]})
    pay(client)

    work()

    [execution] = client.get("/v1/workflows/executions").json()["executions"]
    [action] = client.get(f"/v1/workflows/executions/{execution['id']}/actions").json()["actions"]
    assert (execution["status"], execution["started_at"]) == ("pending", None)
    assert (action["status"], action["next_attempt_at"] > execution["created_at"]) == (
        "pending",
        True,
    )


@pytest.mark.usefixtures("ada")
def test_a_cart_that_is_still_open_is_no_execution_yet(client, work):
    client.post("/v1/workflows/rules", json=RULE | {"trigger": "cart.abandoned"})
    cart = {"amount": 77777, "currency": "GHS", "customer_id": "usr_ada"}
    client.post("/v1/checkout/sessions", json=cart).raise_for_status()

    work()

    assert client.get("/v1/workflows/executions").json()["executions"] == []


@pytest.mark.usefixtures("ada")
def test_an_integration_is_not_used_by_what_is_only_tried_out(client, server):
    said = {"type": "delivery", "provider": "webhook", "config": {"url": "https://shop.example/x"}}
    integration = client.post("/v1/workflows/integrations", json=said).json()
    calls = {"type": "webhook", "integration_id": integration["id"]}
    client.post("/v1/workflows/rules", json=RULE | {"actions": [calls], "shadow": True})
    pay(client)

    async def said_only(_doing):
        return Done(SendResult("sent", "would call"), integration=integration["id"])

    do_what_follows(server.ledger, webhook=said_only)

    [execution] = client.get("/v1/workflows/executions").json()["executions"]
    assert (execution["shadow"], execution["status"]) == (True, "completed")
    shown = client.get(f"/v1/workflows/integrations/{integration['id']}").json()
    assert (shown["status"], shown["last_used_at"]) == ("active", None)


@pytest.mark.usefixtures("ada")
def test_an_integration_is_at_fault_when_every_try_failed_and_not_when_one_message_was_refused(
    client, server
):
    said = {"type": "delivery", "provider": "webhook", "config": {"url": "https://shop.example/x"}}
    integration = client.post("/v1/workflows/integrations", json=said).json()
    calls = {"type": "webhook", "integration_id": integration["id"]}
    client.post("/v1/workflows/rules", json=RULE | {"actions": [calls]})

    def shown_after(status, *, tries=1):
        async def answers(_doing):
            return Done(SendResult(status), integration=integration["id"])

        pay(client)
        for each in range(tries):
            do_what_follows(server.ledger, ahead=timedelta(hours=3 * each), webhook=answers)
        shown = client.get(f"/v1/workflows/integrations/{integration['id']}").json()
        assert client.get("/v1/workflows/integrations").json()["integrations"] == [shown]
        return shown

    refused, given_up = shown_after("failed"), shown_after("later", tries=5)

    assert (refused["status"], refused["last_used_at"] is None) == ("active", False)
    assert (given_up["status"], given_up["last_used_at"] > refused["last_used_at"]) == (
        *("error", True),
    )
