"""Customers over HTTP."""

import pytest

from api.resources.customers import Customer, CustomerStats
from api.resources.payments import PaymentSummary
from api.resources.sources import CustomerSources
from api.resources.top_customers import TopCustomer, TopCustomers
from projections.engine.querying import candidates

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

ADA = {
    "external_id": "usr_1234",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "phone": "+233501234567",
    "tags": ["premium", "early-adopter"],
    "metadata": {"plan": "pro", "signup_source": "referral"},
}


@on_both_databases
def test_a_customer_is_created_and_read_back_to_the_letter(client):
    created = client.post("/v1/customers", json=ADA)

    customer = created.json()
    assert created.status_code == 201
    assert customer.items() >= ADA.items()
    assert customer.keys() == Customer.model_fields.keys()
    assert client.get(f"/v1/customers/{customer['id']}").json() == customer
    assert client.get("/v1/customers/lookup?external_id=usr_1234").json() == customer
    assert client.get("/v1/customers?external_id=usr_1234").json()["customers"] == [customer]
    assert client.get("/v1/customers/external/usr_1234").json() == customer


@on_both_databases
def test_an_external_id_belongs_to_one_customer(client):
    first = client.post("/v1/customers", json=ADA).json()
    other = client.post("/v1/customers", json={}).json()

    again = client.post("/v1/customers", json={"external_id": "usr_1234"})
    changed = client.patch(f"/v1/customers/{other['id']}", json={"external_id": "usr_1234"})

    for answer in (again, changed):
        assert answer.status_code == 409
        assert answer.json()["error"] == "conflict"
        assert answer.json()["code"] == "customer_already_exists"
        assert answer.json()["details"] == {
            "field": "external_id",
            "external_id": "usr_1234",
            "customer_id": first["id"],
        }


def test_a_change_answers_with_the_figures_as_a_read_does(client):
    customer = client.post("/v1/customers", json=ADA).json()
    path = f"/v1/customers/{customer['id']}"
    _pay(client, customer_id=customer["id"])
    _wait_for_the_views(client, path)

    changed = client.patch(path, json={"name": None, "tags": ["x"]})

    body = changed.json()
    assert (body["name"], body["tags"], body["email"]) == (None, ["x"], "ada@example.com")
    assert body["total_spent"] == 4000
    assert client.get(path).json() == body


@pytest.mark.parametrize("empty", [b"", b"{}", b"[]"])
def test_a_change_of_nothing_changes_nothing(client, empty):
    customer = client.post("/v1/customers", json=ADA).json()
    path = f"/v1/customers/{customer['id']}"
    _wait_for_the_views(client, path)

    changed = client.patch(path, content=empty)

    assert changed.status_code == 200
    assert changed.json() == customer


def test_a_deleted_customer_is_gone_but_not_its_payments(client):
    customer = client.post("/v1/customers", json=ADA).json()
    payment = _pay(client, customer_id=customer["id"])
    path = f"/v1/customers/{customer['id']}"

    deleted = client.delete(path)

    assert (deleted.status_code, deleted.content) == (204, b"")
    for gone in (path, f"{path}/payments", f"{path}/sources", "/v1/customers/external/usr_1234"):
        answer = client.get(gone)
        assert answer.status_code == 404
        assert answer.json()["code"] == "customer_not_found"
    assert client.delete(path).status_code == 404
    assert client.get(f"/v1/payments/{payment['id']}").json()["customer_id"] == customer["id"]
    assert client.post("/v1/customers", json=ADA).status_code == 201


def test_put_creates_and_then_updates(client):
    created = client.put("/v1/customers/external/usr_9", json={"name": "Ama"})
    _pay(client, customer_id="usr_9")
    _wait_for_the_views(client, "/v1/customers/external/usr_9")
    updated = client.put("/v1/customers/external/usr_9", json={"email": "ama@example.com"})
    _wait_for_the_views(client, "/v1/customers/external/usr_9")
    changed = client.patch("/v1/customers/external/usr_9", json={"name": "Ama B"})

    assert (created.status_code, updated.status_code, changed.status_code) == (201, 200, 200)
    assert updated.json()["name"] == "Ama"
    assert updated.json()["total_spent"] == 4000
    assert client.get("/v1/customers/external/usr_9").json() == changed.json()
    assert client.delete("/v1/customers/external/usr_9").status_code == 204
    assert client.delete("/v1/customers/external/usr_9").status_code == 404


@on_both_databases
def test_the_history_tells_where_each_payment_came_from(client):
    customer = client.post("/v1/customers", json=ADA).json()
    link = {
        "source": "payment_link",
        "source_id": "pl_abc123",
        "source_description": "Summer Sale - Premium Plan",
    }
    _pay(client, customer_id=customer["id"], **link)
    _pay(client, customer_id=customer["id"])

    history = client.get(f"/v1/customers/{customer['id']}/payments").json()
    by_name = client.get("/v1/customers/external/usr_1234/payments").json()

    api, linked = history["payments"]
    assert linked.items() >= link.items()
    assert (api["source"], api["source_id"], api["source_description"]) == ("api", None, None)
    assert api["payment_id"] == api["id"]
    assert api.keys() == PaymentSummary.model_fields.keys()
    assert history["pagination"]["total"] == 2
    assert by_name == history


@on_both_databases
def test_the_sources_of_a_customer_share_what_succeeded(client):
    customer = client.post("/v1/customers", json=ADA).json()
    _pay(client, customer_id=customer["id"], source="subscription", source_id="sub_1")
    _pay(client, customer_id=customer["id"])

    sources = client.get(f"/v1/customers/{customer['id']}/sources").json()

    assert sources.keys() == CustomerSources.model_fields.keys()
    assert sources["totals"] == {"count": 2, "amount": 8000}
    assert [each["source"] for each in sources["by_source"]] == [
        "api",
        "payment_link",
        "subscription",
    ]
    assert sum(each["count_share"] for each in sources["by_source"]) == 1
    assert (sources["subscription_share"], sources["one_time_share"]) == (0.5, 0.5)
    assert sources["acquisition"]["source_id"] == "sub_1"
    assert client.get("/v1/customers/external/usr_1234/sources").json() == sources
    nothing = client.get(f"/v1/customers/{customer['id']}/sources?currency=usd").json()
    assert nothing["totals"] == {"count": 0, "amount": 0}
    assert nothing["currency"] == "USD"


@on_both_databases
def test_the_best_customers_come_first(client):
    for name, payments in (("ama", 1), ("kofi", 3), ("esi", 0), ("yaw", 2)):
        client.post("/v1/customers", json={"external_id": name})
        for _ in range(payments):
            _pay(client, customer_id=name)

    top = client.get("/v1/customers/top", params={"limit": 2, "period": "30d"}).json()
    rest = client.get(
        "/v1/customers/top", params={"limit": 2, "cursor": _next(client, "/v1/customers/top")}
    ).json()

    assert top.keys() == TopCustomers.model_fields.keys()
    assert top["currency"] == "GHS"
    assert [each["external_id"] for each in top["customers"]] == ["kofi", "yaw"]
    assert top["customers"][0].keys() == TopCustomer.model_fields.keys()
    assert top["customers"][0]["ranked_by"]["total_spent"] == 12000
    assert top["pagination"]["total"] == 3
    assert [each["external_id"] for each in rest["customers"]] == ["ama"]


@on_both_databases
def test_customers_are_found_by_what_they_have_in_common(client):
    client.post("/v1/customers", json=ADA)
    client.post("/v1/customers", json={"name": "Kofi", "tags": ["premium"]})
    client.post("/v1/customers", json={"name": "Esi"})
    _pay(client, customer_id="usr_1234", source="payment_link", source_id="pl_1")

    def found(**query):
        listed = client.get("/v1/customers", params=query).json()
        assert listed["pagination"]["total"] == len(listed["customers"])
        return [customer["name"] for customer in listed["customers"]]

    assert found() == ["Esi", "Kofi", "Ada Lovelace"]
    assert found(search="LOVE") == ["Ada Lovelace"]
    assert found(email="ADA@example.com") == ["Ada Lovelace"]
    assert found(tags="premium,early-adopter") == ["Kofi", "Ada Lovelace"]
    assert found(tags=["premium", "early-adopter"], tags_match="all") == ["Ada Lovelace"]
    assert found(acquired_via="pl_1") == ["Ada Lovelace"]
    assert found(source="payment_link") == ["Ada Lovelace"]
    assert found(subscription_status="none") == ["Esi", "Kofi", "Ada Lovelace"]
    assert found(subscription_status="paused") == []
    assert found(min_spend=4000, currency="ghs") == ["Ada Lovelace"]
    assert found(payment_method="card") == ["Ada Lovelace"]
    assert found(activity_status="active") == ["Ada Lovelace"]
    assert found(sort_by="total_amount")[0] == "Ada Lovelace"
    assert found(sort_by="created_at", sort_desc="False")[0] == "Ada Lovelace"
    assert found(external_id="nobody") == []


def test_the_registry_is_told_in_numbers(client):
    client.post("/v1/customers", json=ADA)
    _pay(client, customer_id="usr_1234")

    stats = client.get("/v1/customers/stats").json()

    assert stats.keys() == CustomerStats.model_fields.keys()
    assert (stats["total"], stats["active"], stats["new"]) == (1, 1, 1)
    assert {tag["tag"]: tag["total_spent"] for tag in stats["by_tag"]} == {
        "premium": 4000,
        "early-adopter": 4000,
    }


@on_both_databases
def test_new_customers_are_told_from_those_who_came_back(client):
    client.post("/v1/customers", json=ADA)
    _pay(client, customer_id="usr_1234", occurred_at="2026-01-30T10:00:00Z")
    _pay(client, customer_id="usr_1234", occurred_at="2026-01-31T23:30:00Z")
    _pay(client, occurred_at="2026-02-01T00:30:00Z")
    asked = {"from": "2026-01-30", "to": "2026-02-03", "tz": "Africa/Lagos"}

    told = client.get("/v1/customers/stats/series", params=asked).json()

    assert told["currency"] == "GHS"
    assert [
        (each["new_customers"], each["returning_payments"], each["guest_payments"])
        for each in told["buckets"]
    ] == [(1, 0, 0), (0, 0, 0), (0, 1, 1), (0, 0, 0)]
    assert told["buckets"][2]["guest_amount"] == 4000


def test_a_lookup_needs_the_name_looked_for(client):
    missing = client.get("/v1/customers/lookup")
    unknown = client.get("/v1/customers/lookup?external_id=nobody")

    assert missing.status_code == 400
    assert missing.json()["code"] == "missing_required_field"
    assert unknown.status_code == 404
    assert unknown.json()["code"] == "customer_not_found"


@on_both_databases
def test_everything_about_a_customer_is_told_fact_by_fact_with_who_did_it_and_why(client):
    ada = client.post("/v1/customers", json=ADA).json()["id"]
    payment = _pay(client, customer_id="usr_1234")["id"]
    client.post(f"/v1/payments/{payment}/confirm")
    client.post("/v1/customers", json={"name": "Kofi"})
    refund = client.post(
        f"/v1/payments/{payment}/refund",
        json={"amount": 100, "reason": "damaged"},
        headers={"X-Actor-Id": "usr_kofi"},
    )

    path = "/v1/customers/external/usr_1234/facts"
    told = client.get(path, params={"limit": 3}).json()
    cursor = told["pagination"]["next_cursor"]
    rest = client.get(path, params={"cursor": cursor}).json()

    facts = told["facts"] + rest["facts"]
    assert [fact["topic"] for fact in facts][::-1][:2] == ["customer.registered", "payment.created"]
    assert len(facts) == told["pagination"]["total"]
    assert facts == client.get(f"/v1/customers/{ada}/facts").json()["facts"]
    last = facts[0]
    assert (last["topic"], last["subject_id"]) == ("payment.refunded", payment)
    assert (last["actor"], last["reason"]) == ("usr_kofi", "damaged")
    assert last["data"]["refund_id"] == refund.json()["id"]
    assert last["position"] == int(refund.headers["Whence-Position"])
    assert {fact["subject_id"] for fact in facts} == {ada, payment}
    assert facts[-1]["data"]["personal"]["email"] == ADA["email"]


def test_facts_about_a_customer_are_those_of_the_moment_that_is_asked_for(client):
    ada = client.post("/v1/customers", json=ADA).json()["id"]
    _pay(client, customer_id="usr_1234")
    before = client.get(f"/v1/customers/{ada}/facts").json()["facts"]
    client.patch(f"/v1/customers/{ada}", json={"name": "Ada King"})

    then = client.get(
        f"/v1/customers/{ada}/facts", params={"known_at": before[0]["recorded_at"]}
    ).json()["facts"]

    assert then == before


def _pay(client, **more):
    body = {"amount": 4000, "currency": "GHS"} | more
    answer = client.post("/v1/payments/intents", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _next(client, path):
    return client.get(path, params={"limit": 2}).json()["pagination"]["next_cursor"]


def test_a_total_of_many_is_told_as_at_least_so_many(client, monkeypatch):
    monkeypatch.setattr(candidates, "FEW", 2)
    for number in range(4):
        client.post("/v1/customers", json={"name": f"Ama {number}"})
        _pay(client, amount=100 + number)

    many = client.get("/v1/customers?search=ama&limit=1").json()["pagination"]
    all_of_them = client.get("/v1/customers?limit=1").json()["pagination"]
    payments = client.get("/v1/payments?limit=1&amount_min=1")
    few_payments = client.get("/v1/payments?limit=1&amount_min=102")

    assert (many["total"], many["total_is_exact"]) == (2, False)
    assert (all_of_them["total"], all_of_them["total_is_exact"]) == (4, True)
    assert payments.headers["X-Total-Count"] == "2"
    assert payments.headers["Whence-Total-Is-Exact"] == "false"
    assert few_payments.headers["X-Total-Count"] == "2"
    assert "Whence-Total-Is-Exact" not in few_payments.headers


def _wait_for_the_views(client, path):
    """A query waits for the facts before it; a change soon answers without figures."""
    client.get(path).raise_for_status()
