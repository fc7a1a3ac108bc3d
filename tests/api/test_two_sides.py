"""Commands and queries apart, and what is said when one side is not well."""

import httpx
import pytest

from projections.engine.generations.generations import Registered, ViewsRebuilding


def test_either_side_is_served_alone_and_they_meet_in_the_ledger(new_server):
    commands, queries = new_server(only="commands"), new_server(only="queries")
    headers = {"X-Reevit-Key": commands.found("Ama's shop").keys["test"]}

    created = httpx.post(f"{commands.url}/v1/customers", headers=headers).json()
    found = httpx.get(f"{queries.url}/v1/customers/{created['id']}", headers=headers)
    not_here = httpx.post(f"{queries.url}/v1/customers", headers=headers)
    nor_here = httpx.get(f"{commands.url}/v1/payments", headers=headers)

    assert found.json() == created
    assert (not_here.status_code, not_here.headers["Allow"]) == (405, "GET")
    assert nor_here.status_code == 404


def test_while_the_views_are_rebuilt_queries_wait_and_commands_go_on(new_server):
    server = new_server(rebuilding=ViewsRebuilding(Registered(2, "", "building", 25, 100)))
    headers = {"X-Reevit-Key": server.found("Ama's shop").keys["test"]}

    query = httpx.get(f"{server.url}/v1/customers", headers=headers)
    created = httpx.post(f"{server.url}/v1/customers", json={"name": "Ama"}, headers=headers)
    changed = httpx.patch(
        f"{server.url}/v1/customers/{created.json()['id']}", json={"name": "Esi"}, headers=headers
    )

    assert query.status_code == 503
    assert query.json()["code"] == "views_rebuilding"
    assert query.json()["details"] == {"facts": 25, "total": 100, "progress": 0.25}
    assert int(query.headers["Retry-After"]) > 0
    assert created.status_code == 201
    assert changed.json()["name"] == "Esi"
    assert changed.json().keys() == created.json().keys()
    assert changed.json()["total_spent"] is None


def test_a_late_answer_says_how_late_it_is(new_server):
    server = new_server(projecting=False, query_wait_seconds=0.1)
    headers = {"X-Reevit-Key": server.found("Ama's shop").keys["test"]}
    position = int(
        httpx.post(f"{server.url}/v1/customers", headers=headers).headers["Whence-Position"]
    )

    answer = httpx.get(f"{server.url}/v1/customers", headers=headers)

    assert answer.status_code == 200
    assert answer.json()["customers"] == []
    assert int(answer.headers["Whence-Behind"]) >= position
    assert answer.headers["Whence-Position"] == "0"


def test_without_its_ledger_the_service_says_that_it_cannot(new_server):
    server = new_server()
    headers = {"X-Reevit-Key": server.found("Ama's shop").keys["test"]}
    httpx.get(f"{server.url}/v1/customers", headers=headers)

    server.ledger.close()
    answer = httpx.post(f"{server.url}/v1/customers", headers=headers)

    assert answer.status_code == 503
    assert answer.json()["code"] == "ledger_unavailable"
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_names_of_any_kind_and_length_reach_the_store_or_are_refused(client):
    long = "é" * 255
    for name in ("a%2Fb", "%C3%A9" * 255):
        headers = {"Idempotency-Key": "k" * 255}
        put = client.put(f"/v1/customers/external/{name}", json={}, headers=headers)
        again = client.put(f"/v1/customers/external/{name}", json={}, headers=headers)

        assert put.status_code == 201
        assert again.headers["Idempotent-Replayed"] == "true"

    too_long = client.put(f"/v1/customers/external/{'x' * 256}", json={})
    unknown = client.get(f"/v1/customers/external/{'x' * 5000}")

    assert client.get("/v1/customers/lookup", params={"external_id": long}).status_code == 200
    assert too_long.status_code == 400
    assert unknown.status_code == 404


def test_a_browser_s_key_cannot_say_what_happened_elsewhere(client, merchant):
    made = client.post("/v1/api-keys", json={"name": "web", "scopes": ["checkout:write"]}).json()
    body = {"amount": 1, "currency": "GHS", "source": "payment_link", "source_id": "pl_1"}

    with merchant.client(made["raw"]) as browser:
        answer = browser.post("/v1/payments/intents", json=body)

    assert answer.status_code == 403
    assert answer.json()["code"] == "insufficient_scope"
