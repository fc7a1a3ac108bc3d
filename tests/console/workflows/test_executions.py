"""Executions in the console: from which fact, by which version, and what came of it."""

import re

import pytest
from workflow_parts import do_what_follows

FAILS = {"type": "send_sms", "config": {"body": "Thank you, {{ customer_name }}."}}
TAG = {"type": "add_tag", "config": {"tag": "big-spender"}}
RULE = {
    "name": "Big spenders",
    "trigger": "payment.success",
    "conditions": {"currencies": ["GHS"], "min_amount": 1000},
    "actions": [TAG, FAILS],
}


@pytest.fixture
def execution(client, server):
    client.post("/v1/workflows/rules", json=RULE).raise_for_status()
    order = {"amount": 4000, "currency": "GHS", "customer_id": "usr_ada"}
    client.post("/v1/customers", json={"external_id": "usr_ada", "name": "Ada"})
    client.post("/v1/payments/intents", json=order).raise_for_status()
    do_what_follows(server.ledger)
    [found] = client.get("/v1/workflows/executions").json()["executions"]
    return found


def test_what_followed_is_listed_and_narrowed(console, execution):
    path = f'href="/console/workflows/executions/{execution["id"]}"'

    assert path in console.get("/console/workflows/executions").text
    assert (
        path in console.get(f"/console/workflows/executions?event_id={execution['event_id']}").text
    )
    assert path not in console.get("/console/workflows/executions?status=pending").text


def test_an_execution_names_its_customer(console, client, execution):
    exported = client.get("/v1/exports/workflow-executions").json()["executions"]

    assert (execution["customer_name"], exported[0]["customer_name"]) == ("Ada", "Ada")
    link = f'href="/console/customers/{execution["customer_id"]}"'
    for path in ("", f"/{execution['id']}"):
        shown = console.get(f"/console/workflows/executions{path}").text
        assert re.search(rf"{re.escape(link)}[^>]*>.*?Ada<", shown, re.DOTALL)


def test_a_workflow_is_called_by_its_name_where_it_changed_something(console, execution):
    event = execution["trigger_payload"]["data"]
    customer = console.get(f"/console/customers/{execution['customer_id']}").text

    assert re.search(r"Tag big-spender added.*?by <bdi>Big spenders</bdi>", customer, re.DOTALL)
    payment = console.get(f"/console/payments/{event['id']}").text
    assert "<bdi>Big spenders</bdi></a>" in payment


def test_an_execution_says_why_and_what_came_of_it(console, client, execution):
    path = f"/v1/workflows/executions/{execution['id']}/actions"
    done = client.get(path).json()["actions"]

    shown = console.get(f"/console/workflows/executions/{execution['id']}").text

    assert "as it was in version 1" in shown
    assert f'href="/console/events/{execution["event_id"]}"' in shown
    assert re.search(r"10\.00", shown)
    for action in done:
        assert (action["error"] or "Attempt 1") in shown
