"""Files of links, deliveries and executions: what their lists have, all of it, as JSON and CSV."""

import csv
import io

import pytest
from console_people import add_person, signed_in_as
from workflow_parts import do_what_follows

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

RULE = {
    "name": "VIPs",
    "trigger": "payment.success",
    "actions": [{"type": "add_tag", "config": {"tag": "vip"}}],
}
PAID = {"amount": 4000, "currency": "GHS", "customer_id": "usr_1"}


def rows_of(table):
    return list(csv.DictReader(io.StringIO(table.text)))


def file_of(client, path, **asked):
    return client.get(path, params=asked | {"format": "csv"}).raise_for_status()


def test_links_with_what_each_has_brought(client):
    links = [
        client.post("/v1/payment-links", json={"name": name, "amount": 4000, "currency": "GHS"})
        for name in ("=1+1", "Summer sale")
    ]
    sale = links[1].json()["id"]
    for amount in (4000, 4001):
        sold = {"amount": amount, "currency": "GHS", "source": "payment_link", "source_id": sale}
        client.post("/v1/payments/intents", json=sold).raise_for_status()

    exported = client.get("/v1/exports/payment-links").raise_for_status().json()
    listed = client.get("/v1/payment-links").json()["payment_links"]

    assert exported == {"payment_links": listed, "total": 2}
    for each in listed:
        stats = client.get(f"/v1/payment-links/{each['id']}/stats").json()
        named = ("views", "payments", "successful_payments", "conversion_rate", "total_revenue")
        assert {name: each[name] for name in named} == {name: stats[name] for name in named}
    table = rows_of(file_of(client, "/v1/exports/payment-links"))
    assert [row["name"] for row in table] == ["Summer sale", "'=1+1"]
    assert table[0]["total_revenue"] == str(listed[0]["total_revenue"])
    [found] = client.get("/v1/exports/payment-links", params={"search": "sum"}).json()[
        "payment_links"
    ]
    assert found["id"] == sale


def test_executions_newest_first_however_many(client, merchant, monkeypatch):
    monkeypatch.setattr("api.workflows.executions.EXPORT_STEP", 2)
    client.post("/v1/workflows/rules", json=RULE).raise_for_status()
    for _ in range(5):
        paid = client.post("/v1/payments/intents", json=PAID).raise_for_status().json()
        client.post(f"/v1/payments/{paid['id']}/confirm")
    do_what_follows(merchant.server.ledger)

    exported = client.get("/v1/exports/workflow-executions").raise_for_status().json()
    listed = client.get("/v1/workflows/executions").json()["executions"]

    assert exported == {"executions": listed, "total": 5}
    table = rows_of(file_of(client, "/v1/exports/workflow-executions", limit=3))
    assert [row["id"] for row in table] == [each["id"] for each in listed[:3]]
    refused = client.get("/v1/exports/workflow-executions", params={"status": "nonsense"})
    assert refused.status_code == 400


def test_support_takes_none_of_them_away(merchant, client):  # noqa: ARG001
    add_person(merchant, "efua@shop.example", "support")
    with signed_in_as(merchant, "efua@shop.example") as browser:
        for path in ("links", "webhooks/deliveries", "workflows/executions"):
            assert browser.get(f"/console/{path}.csv").status_code == 403
            assert f"{path}.csv" not in browser.get(f"/console/{path}").text


def test_pages_offer_what_their_list_shows_as_a_file(merchant, client):
    client.post("/v1/payment-links", json={"name": "Sale", "amount": 4000, "currency": "GHS"})
    add_person(merchant, "kofi@shop.example", "finance")
    with signed_in_as(merchant, "kofi@shop.example") as browser:
        assert "/console/links.csv?search=sal" in browser.get("/console/links?search=sal").text
        for path in ("links", "webhooks/deliveries", "workflows/executions"):
            file = browser.get(f"/console/{path}.csv")
            assert file.headers["content-type"].startswith("text/csv")
            assert "attachment" in file.headers["content-disposition"]
