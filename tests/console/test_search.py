"""Search: one box, for everything that somebody may see."""

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
        assert subscribed["id"] in console.get(f"/console/search?q={name}").text
    assert "Nothing is called so" in panel(console, "inv_01hxa2b3c4d5e6f7g8h9jkmnpq")
    assert 'role="option"' in panel(console, "se")
    assert ama.json()["id"] not in panel(console, "se")


def test_what_somebody_may_not_see_is_not_looked_for(merchant, client, ama, link):
    made = client.post("/v1/api-keys", json={"name": "links", "scopes": ["payment_links:read"]})

    with signed_in(merchant.server.url, made.json()["key"]) as console:
        shown = console.get("/console/search?q=searched").text

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
