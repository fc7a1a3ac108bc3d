"""Facts about one thing: all that was recorded, by whom and why, as of any moment."""

import pytest

from api.http.request import READS_CUSTOMERS

PLAN = {"plan_id": "gold", "amount": 4000, "currency": "GHS", "method": "momo"}


def test_facts_of_a_payment_say_what_happened_to_it_by_whom_and_why(client):
    payment = paid(client)
    client.post(
        f"/v1/payments/{payment}/refund",
        json={"amount": 100, "reason": "damaged"},
        headers={"X-Actor-Id": "usr_kofi"},
    ).raise_for_status()

    told = client.get(f"/v1/payments/{payment}/facts").json()

    last, first = told["facts"][0], told["facts"][-1]
    assert (last["topic"], last["actor"]) == ("payment.refunded", "usr_kofi")
    assert (last["reason"], last["data"]["refund_amount"]) == ("damaged", 100)
    assert first["topic"] == "payment.created"
    assert {fact["subject_id"] for fact in told["facts"]} == {payment}
    assert told["pagination"]["total"] == len(told["facts"])


def test_a_profile_that_changed_says_what_it_was_before(client):
    known = {"name": "Ama", "email": "ama@shop.example", "tags": ["vip"]}
    ama = client.post("/v1/customers", json=known).json()["id"]
    client.patch(f"/v1/customers/{ama}", json={"tags": ["vip", "gold"]}).raise_for_status()

    path = f"/v1/customers/{ama}/facts"
    [changed] = client.get(path, params={"limit": 1}).json()["facts"]
    [_, registered] = client.get(path).json()["facts"]

    assert (changed["before"]["tags"], changed["data"]["tags"]) == (["vip"], ["vip", "gold"])
    assert changed["before"]["personal"] == registered["data"]["personal"]
    assert registered["before"] is None


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_page_says_of_each_profile_what_it_was_whatever_page_that_is_on(client, limit):
    ama = client.post("/v1/customers", json={"tags": ["0"]}).json()["id"]
    for number in range(1, 5):
        client.patch(f"/v1/customers/{ama}", json={"tags": [str(number)]}).raise_for_status()

    facts = [
        fact
        for offset in range(0, 5, limit)
        for fact in client.get(
            f"/v1/customers/{ama}/facts", params={"limit": limit, "offset": offset}
        ).json()["facts"]
    ]

    before = [fact["before"] and fact["before"]["tags"] for fact in facts]
    assert before == [["3"], ["2"], ["1"], ["0"], None]


def test_facts_are_told_page_by_page(client):
    path = f"/v1/payments/{paid(client)}/facts"
    whole = client.get(path).json()["facts"]

    begun = client.get(path, params={"limit": 1}).json()
    cursor = begun["pagination"]["next_cursor"]
    rest = client.get(path, params={"cursor": cursor}).json()["facts"]

    assert begun["facts"] + rest == whole


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_facts_are_those_of_the_moment_that_is_asked_for(client):
    payment = paid(client, occurred_at="2026-01-05T10:00:00Z")
    path = f"/v1/payments/{payment}/facts"
    before = client.get(path).json()["facts"]
    refund = {"amount": 100, "occurred_at": "2026-02-05T10:00:00Z"}
    client.post(f"/v1/payments/{payment}/refund", json=refund).raise_for_status()

    known = client.get(path, params={"known_at": before[0]["recorded_at"]}).json()["facts"]
    happened = client.get(path, params={"as_of": "2026-01-31T00:00:00Z"}).json()["facts"]

    assert known == before
    assert "payment.refunded" not in {fact["topic"] for fact in happened}
    assert happened


def test_facts_of_a_subscription_and_of_its_invoice(client):
    customer = client.post("/v1/customers", json={"name": "Ama"}).json()["id"]
    plan = PLAN | {"customer_id": customer, "interval": "monthly"}
    subscription = client.post("/v1/subscriptions", json=plan).raise_for_status().json()
    invoice = subscription["latest_invoice_id"]

    of_it = client.get(f"/v1/subscriptions/{subscription['id']}/facts").json()["facts"]
    of_invoice = client.get(f"/v1/invoices/{invoice}/facts").json()["facts"]

    assert of_it[-1]["topic"] == "subscription.created"
    assert of_invoice[-1]["topic"] == "invoice.issued"


@pytest.mark.parametrize("subject", ["payments", "subscriptions", "invoices"])
def test_there_are_no_facts_of_what_there_is_not(client, subject):
    assert client.get(f"/v1/{subject}/nothing/facts").status_code == 404


def test_facts_are_for_those_who_may_know_the_customers(client):
    payment = paid(client)
    made = client.post("/v1/api-keys", json={"name": "tills", "scopes": ["payments:read"]}).json()

    refused = client.get(f"/v1/payments/{payment}/facts", headers={"X-Reevit-Key": made["key"]})

    assert refused.status_code == 403
    assert READS_CUSTOMERS in refused.json()["message"]


def paid(client, **more):
    asked = {"amount": 4000, "currency": "GHS", **more}
    payment = client.post("/v1/payments/intents", json=asked).raise_for_status().json()["id"]
    client.post(f"/v1/payments/{payment}/confirm", json=more).raise_for_status()
    return payment
