"""Workflows know who paid through a link, and whose a payment became afterwards."""

import httpx
import pytest
from workflow_parts import do_what_follows

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

AMA = {"name": "Ama", "email": "ama@example.com", "phone": "+233241234567"}
GROWN = {
    "name": "Big spenders",
    "trigger": "payment.success",
    "conditions": {"min_lifetime_value": 100_000, "customer_tags_none": ["vip"]},
    "actions": [{"type": "add_tag", "config": {"tag": "vip"}}],
}
WALLET = {"method": "mobile_money", "network": "mtn", "country": "GH"}
BY_PHONE = WALLET | {"phone": "024 123 4567"}
BY_EMAIL = {"email": "Ama@example.com"}


@pytest.fixture
def ama(client):
    """She has paid 900 GHS, before anybody made a rule."""
    ama = client.post("/v1/customers", json=AMA).json()["id"]
    paid(client, 90_000, ama)
    return ama


@pytest.fixture
def link(client):
    terms = {"name": "Summer", "amount": 20_000, "currency": "GHS"}
    return client.post("/v1/payment-links", json=terms).json()


def paid(client, amount, customer_id=None, **more):
    intent = {"amount": amount, "currency": "GHS", "customer_id": customer_id} | more
    payment = client.post("/v1/payments/intents", json=intent).raise_for_status().json()
    moments = {name: more[name] for name in ("occurred_at",) if name in more}
    client.post(f"/v1/payments/{payment['id']}/confirm", json=moments).raise_for_status()
    return payment["id"]


def pay(server, link, said):
    """As somebody does in a browser: the form, and then the button of the next page."""
    with httpx.Client(base_url=server.url, follow_redirects=True, timeout=30) as browser:
        begun = browser.post(f"/pay/{link['code']}", data=said)
        assert "Paid. Thank you." in browser.post(begun.url).text


def attach(client, payment, customer_id):
    """Somebody finds out whose it is."""
    said = {"customer_id": customer_id}
    client.patch(f"/v1/payments/intents/{payment}", json=said).raise_for_status()


def make(client, **more):
    rule = client.post("/v1/workflows/rules", json=GROWN | more).raise_for_status().json()
    return rule["id"]


def followed(client, server, rule):
    do_what_follows(server.ledger)
    asked = {"workflow_id": rule}
    found = client.get("/v1/workflows/executions", params=asked).json()["executions"]
    return [each["customer_id"] for each in found]


def tags(client, customer_id):
    return client.get(f"/v1/customers/{customer_id}").json()["tags"]


@on_both_databases
@pytest.mark.parametrize("said", [BY_PHONE, BY_EMAIL], ids=["phone", "email"])
def test_who_pays_through_a_link_is_known_when_the_payment_succeeds(
    client, server, ama, link, said
):
    rule = make(client)

    pay(server, link, said)

    assert followed(client, server, rule) == [ama]
    assert tags(client, ama) == ["vip"]
    events = client.get("/v1/events", params={"type": "payment.succeeded"}).json()["events"]
    assert events[0]["data"]["customer"]["id"] == ama


@on_both_databases
def test_somebody_new_is_the_customer_of_their_first_payment(client, server, link):
    rule = make(client, conditions={"first_payment": True})

    pay(server, link, {"email": "esi@example.com", "name": "Esi"})

    [esi] = client.get("/v1/customers").json()["customers"]
    assert followed(client, server, rule) == [esi["id"]]
    assert tags(client, esi["id"]) == ["vip"]


@on_both_databases
def test_a_payment_of_nobody_sets_off_what_asks_of_its_customer_once_it_has_one(
    client, server, ama
):
    grown, any_payment = make(client), make(client, conditions={"min_amount": 1})
    not_vip = make(client, conditions={"customer_tags_none": ["vip"]}, shadow=True)
    payment = paid(client, 20_000)
    before = followed(client, server, grown)

    attach(client, payment, ama)

    assert (before, followed(client, server, grown)) == ([], [ama])
    assert tags(client, ama) == ["vip"]
    # What goes for nobody as well followed when it succeeded, and not again.
    assert [len(followed(client, server, each)) for each in (any_payment, not_vip)] == [1, 1]


def test_an_imported_payment_sets_nothing_off_when_it_is_given_its_customer(client, server, ama):
    rule = make(client)
    payment = paid(client, 20_000, occurred_at="2020-02-29T12:00:00Z")

    attach(client, payment, ama)

    assert followed(client, server, rule) == []


def test_a_payment_that_has_its_customer_before_it_succeeds_follows_once(client, server, ama):
    rule = make(client)
    intent = {"amount": 20_000, "currency": "GHS", "capture_method": "manual"}
    payment = client.post("/v1/payments/intents", json=intent).json()["id"]
    attach(client, payment, ama)
    client.post(f"/v1/payments/{payment}/confirm").raise_for_status()

    client.post(f"/v1/payments/{payment}/capture").raise_for_status()

    assert followed(client, server, rule) == [ama]
