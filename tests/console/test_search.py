"""Search: one box, for everything that somebody may see."""

import re

import pytest
from console_browser import signed_in

from domain.receipt_number import receipt_number


@pytest.fixture
def ama(client):
    return client.post("/v1/customers", json={"name": "Ama Searched", "email": "as@x.example"})


@pytest.fixture
def link(client):
    named = {"name": "Searched shoes", "amount": 5000, "currency": "GHS"}
    return client.post("/v1/payment-links", json=named)


@pytest.fixture
def payment(client):
    asked = {"amount": 7700, "currency": "GHS", "method": "card", "description": "Searched bag"}
    return client.post("/v1/payments/intents", json=asked)


def test_it_finds_of_every_kind_what_is_called_so(console, client, ama, link, payment):
    shown = console.get("/console/search?q=searched").text

    for found in (ama, link, payment):
        assert found.status_code == 201
        assert found.json()["id"] in shown
    total = client.get("/v1/customers?search=searched").json()["pagination"]["total"]
    assert f'href="/console/customers?search=searched">All {total}<' in shown


def panel(console, text):
    """What stands under the box while somebody types."""
    headers = {"HX-Request": "true", "HX-Target": "div#found"}
    return console.get("/console/search", params={"q": text}, headers=headers).text


def test_what_is_called_so_is_found_while_somebody_types(console, client, ama, link, payment):
    made, paid = payment.json(), link.json()
    subscribed = client.post(
        "/v1/subscriptions",
        json={
            "customer_id": ama.json()["id"],
            "plan_id": "plan_searched",
            "amount": 900,
            "currency": "GHS",
            "interval": "monthly",
            "method": "card",
        },
    ).json()
    [invoice] = client.get("/v1/invoices").json()

    shown = panel(console, "searched")
    assert f'href="/console/customers/{ama.json()["id"]}"' in shown
    assert f'href="/console/links/{paid["id"]}"' in shown
    for name in ("as@x.example", ama.json()["id"]):
        assert f'href="/console/customers/{ama.json()["id"]}"' in panel(console, name)
    for name in (made["id"], receipt_number(made["id"])):
        assert f'href="/console/payments/{made["id"]}"' in panel(console, name)
    for name in (invoice["id"], invoice["number"], invoice["number"].lstrip("0")):
        assert f'href="/console/invoices/{invoice["id"]}"' in panel(console, name)
    for name in (subscribed["id"], "plan_searched"):
        assert f'href="/console/subscriptions/{subscribed["id"]}"' in panel(console, name)
        found = console.get(f"/console/search?q={name}", follow_redirects=True)
        assert subscribed["id"] in found.text
    assert "Nothing is called so" in panel(console, "inv_01hxa2b3c4d5e6f7g8h9jkmnpq")
    assert 'role="option"' in panel(console, "se")
    assert ama.json()["id"] not in panel(console, "se")


def test_the_only_hit_opens_at_once(console, ama):
    opened = console.get("/console/search?q=as@x.example")

    assert opened.headers["location"] == f"/console/customers/{ama.json()['id']}"


@pytest.mark.parametrize("text", ["142.50", "GHS 142.50", "ghs142.50"])
def test_an_amount_finds_the_payments_of_so_much(console, client, text):
    asked = {"amount": 14_250, "currency": "GHS"}
    paid = [client.post("/v1/payments/intents", json=asked).json()["id"] for _ in range(2)]
    other = client.post("/v1/payments/intents", json=asked | {"amount": 14_251}).json()["id"]
    client.post(f"/v1/payments/{paid[0]}/confirm")

    shown = console.get("/console/search", params={"q": text}).text

    assert all(each in shown for each in paid)
    assert other not in shown
    assert "currency=GHS&amp;amount_from=142.50&amp;amount_to=142.50" in shown


def test_customers_show_their_phone_and_what_they_spent(console, client, ama):
    customer, other = ama.json()["id"], client.post("/v1/customers", json={"name": "Yaw Searched"})
    client.patch(f"/v1/customers/{customer}", json={"phone": "+233501234567"})
    asked = {"amount": 7700, "currency": "GHS", "customer_id": customer}
    payment = client.post("/v1/payments/intents", json=asked).json()["id"]
    client.post(f"/v1/payments/{payment}/confirm")

    for shown in (console.get("/console/search?q=searched").text, panel(console, "searched")):
        assert other.json()["id"] in shown
        assert "+233501234567" in shown
        assert "77.00" in shown


def test_who_paid_last_comes_before_who_came_last_and_all_are_a_press_away(console, client):
    known = [
        client.post("/v1/customers", json={"name": f"Kofi {number}"}).json()["id"]
        for number in range(7)
    ]
    paid = {"amount": 7700, "currency": "GHS", "customer_id": known[0]}
    payment = client.post("/v1/payments/intents", json=paid).json()["id"]
    client.post(f"/v1/payments/{payment}/confirm")

    for shown in (console.get("/console/search?q=kofi").text, panel(console, "kofi")):
        hits = re.findall('href="/console/customers/(cus_[0-9a-z]*)"', shown)
        assert hits[0] == known[0]
        assert re.search('href="/console/customers\\?search=kofi"[^>]*>All 7', shown)


def test_a_number_that_was_typed_stands_first_in_the_hit(console, client):
    who = {"name": "Efua", "email": "efua@x.example", "phone": "+233501234567"}
    client.post("/v1/customers", json=who)

    notes = {
        typed: re.search('class="aside" dir="auto">([^<]*)<', panel(console, typed))[1]
        for typed in ("050 123", "efua")
    }

    assert notes == {
        "050 123": "+233501234567 · efua@x.example",
        "efua": "efua@x.example · +233501234567",
    }


def test_what_somebody_may_not_see_is_not_looked_for(merchant, client, ama, link):
    made = client.post("/v1/api-keys", json={"name": "links", "scopes": ["payment_links:read"]})

    with signed_in(merchant.server.url, made.json()["key"]) as console:
        opened = console.get("/console/search?q=searched")
        shown = opened.headers["location"]

    assert link.json()["id"] in shown
    assert ama.json()["id"] not in shown


def test_what_is_looked_for_is_text_and_stays_in_the_box(console):
    shown = console.get("/console/search", params={"q": "<script>x</script>"})

    assert shown.status_code == 200
    assert "Nothing found" in shown.text
    assert "<script>x" not in shown.text
    assert 'value="&lt;script&gt;x' in shown.text


def test_without_a_word_it_says_what_can_be_found(console):
    assert "What are you looking for?" in console.get("/console/search").text


def test_it_looks_in_the_past_of_the_page(console, ama):
    shown = console.get("/console/search?q=searched&as_of=2020-01-01T00:00").text

    assert "Nothing found" in shown
    assert ama.json()["id"] not in shown
