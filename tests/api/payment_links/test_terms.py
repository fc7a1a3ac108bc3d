"""The terms of a link: what may be said of it, and what is shown."""

from datetime import UTC, datetime, timedelta

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

SUMMER = {"name": "Summer Sale", "amount": 9900, "currency": "XOF"}


def hours(count):
    return (datetime.now(UTC) + timedelta(hours=count)).isoformat()


@on_both_databases
def test_a_link_that_has_expired_when_it_is_made_is_refused(client):
    refused = client.post("/v1/payment-links", json=SUMMER | {"expires_at": hours(-1)})

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == "expires_at"
    assert client.get("/v1/payment-links").json()["payment_links"] == []


@on_both_databases
def test_a_link_cannot_be_said_to_have_expired_before(client):
    link = client.post("/v1/payment-links", json=SUMMER | {"expires_at": hours(1)}).json()
    path = f"/v1/payment-links/{link['id']}"

    refused = client.patch(path, json={"name": "Over", "expires_at": "2020-01-01T00:00:00Z"})

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == "expires_at"
    assert client.get(path).json() == link


@on_both_databases
def test_a_link_is_of_a_country_when_it_says_so(client, stranger):
    link = client.post("/v1/payment-links", json=SUMMER | {"country": "bj"}).json()
    path = f"/v1/payment-links/{link['id']}"
    public = stranger.get(f"/v1/pay/{link['code']}").json()

    moved = client.patch(path, json={"country": "CI"}).json()
    nowhere = client.patch(path, json={"country": None}).json()

    assert (link["country"], public["country"]) == ("BJ", "BJ")
    assert (moved["country"], nowhere["country"]) == ("CI", None)
    assert client.get(path).json()["country"] is None


def test_a_link_that_does_not_say_so_is_of_no_country(client, stranger):
    link = client.post("/v1/payment-links", json=SUMMER).json()

    assert link["country"] is None
    assert stranger.get(f"/v1/pay/{link['code']}").json()["country"] is None


def test_a_country_there_is_not_is_refused(client):
    refused = client.post("/v1/payment-links", json=SUMMER | {"country": "UK"})

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == "country"


@pytest.mark.parametrize(
    "url", ["https://169.254.169.254/latest", "https://2130706433/", "ftp://a"]
)
def test_a_webhook_of_its_own_may_not_lead_inside(merchant, url):
    with merchant.client(merchant.founded.keys["live"]) as live:
        terms = {"name": "Summer Sale", "currency": "GHS", "amount": 9900}
        link = live.post("/v1/payment-links", json=terms).raise_for_status().json()
        refused = [
            live.post("/v1/payment-links", json=terms | {"webhook_url": url}),
            live.patch(f"/v1/payment-links/{link['id']}", json={"webhook_url": url}),
        ]

    for answer in refused:
        assert (answer.status_code, answer.json()["details"]["field"]) == (400, "webhook_url")
