"""The settings of an organization, and where they are seen."""

from dataclasses import replace

import pytest

from domain.organization import UNNAMED

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
SUMMER = {"name": "Summer Sale", "amount": 9900, "currency": "GHS"}
KENTE = {"name": "Kente House", "country": "GH", "time_zone": "Africa/Accra", "color": "#aa3300"}


def opened(stranger, url):
    return stranger.get(url.removeprefix(str(stranger.base_url).rstrip("/")))


@on_both_databases
def test_settings_are_unknown_until_somebody_says_them(client, merchant):
    before = client.get("/v1/organization").json()

    changed = client.patch("/v1/organization", json=KENTE)

    unknown = {"country": None, "time_zone": None, "color": None}
    about = {"id": merchant.org_id, "mode": "test", "created_at": before["created_at"]}
    about |= {"invoice_prefix": "INV-", "contact_email": None}
    assert before == about | unknown | {"name": "Ama's shop"}
    assert changed.status_code == 200
    assert changed.json() == about | KENTE == client.get("/v1/organization").json()


@on_both_databases
def test_a_test_key_changes_nothing_in_live_mode(client, merchant):
    client.patch("/v1/organization", json=KENTE)

    with merchant.client(merchant.founded.keys["live"]) as live:
        told = live.get("/v1/organization").json()

    assert (told["mode"], told["name"], told["country"]) == ("live", "Ama's shop", None)


def test_what_is_left_out_stays_and_null_clears(client):
    client.patch("/v1/organization", json=KENTE)

    client.patch("/v1/organization", json={"color": None, "time_zone": "", "country": "ci"})

    told = client.get("/v1/organization").json()
    assert [told[name] for name in KENTE] == ["Kente House", "CI", "Africa/Accra", None]


def test_whoever_answers_is_written_to_where_they_say_and_no_payer_is_told_where(client, stranger):
    said = client.patch("/v1/organization", json={"contact_email": " Owner@Shop.example "}).json()
    link = client.post("/v1/payment-links", json=SUMMER).json()

    page = opened(stranger, link["url"])
    cleared = client.patch("/v1/organization", json={"contact_email": None}).json()

    assert (said["contact_email"], cleared["contact_email"]) == ("Owner@shop.example", None)
    assert "shop.example" not in page.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contact_email", "nobody"),
        ("name", None),
        ("name", "Kente\nHouse"),
        ("country", "ZZ"),
        ("country", "UK"),
        ("country", "Ghana"),
        ("time_zone", "localtime"),
        ("time_zone", "posixrules"),
        ("time_zone", "Factory"),
        ("time_zone", "Accra"),
        ("color", "red"),
        ("color", "#fff"),
        ("color", "#0b6b63;}"),
    ],
)
def test_what_there_is_not_is_refused(client, field, value):
    before = client.get("/v1/organization").json()

    refused = client.patch("/v1/organization", json={field: value})

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == field
    assert client.get("/v1/organization").json() == before


def test_a_pay_page_has_the_name_and_the_colour_of_its_organization(client, stranger):
    client.patch("/v1/organization", json=KENTE)
    link = client.post("/v1/payment-links", json=SUMMER).json()

    page = opened(stranger, link["url"]).text
    terms = stranger.get(f"/v1/pay/{link['code']}").json()

    assert "Kente House" in page
    assert "--accent: #aa3300" in page
    assert terms["organization"] == KENTE


def test_payers_are_not_told_a_name_that_nobody_has_given(merchant, server, stranger):
    """Who starts a service and has named nothing yet is no "First organization" to payers."""
    unnamed = replace(merchant, founded=server.found(UNNAMED))
    with unnamed.client() as client:
        client.patch("/v1/organization", json={"color": "#aa3300"})
        link = client.post("/v1/payment-links", json=SUMMER).json()

        before = stranger.get(f"/v1/pay/{link['code']}").json()["organization"]
        page = opened(stranger, link["url"]).text
        client.patch("/v1/organization", json={"name": "Kente House"})

    after = stranger.get(f"/v1/pay/{link['code']}").json()["organization"]
    assert (before["name"], before["color"], after["name"]) == (None, "#aa3300", "Kente House")
    assert UNNAMED not in page
    assert 'class="merchant"' not in page


def test_the_colour_of_a_link_goes_before_that_of_its_organization(client, stranger):
    client.patch("/v1/organization", json=KENTE)
    branded = SUMMER | {"branding": {"color": "#123456"}}
    link = client.post("/v1/payment-links", json=branded).json()

    page = opened(stranger, link["url"]).text

    assert "--accent: #123456" in page
    assert "#aa3300" not in page


@on_both_databases
def test_payments_of_which_nobody_says_where_are_made_where_the_organization_is(client, stranger):
    """A shop in Benin is not counted to the first country of its currency, whatever pays it."""
    client.patch("/v1/organization", json={"country": "BJ"})
    link = client.post("/v1/payment-links", json=SUMMER | {"currency": "XOF"}).json()
    asked = {"amount": 4000, "currency": "XOF", "customer_id": "usr_1"}
    plan = {"plan_id": "premium", "method": "card", "interval": "monthly"}

    client.post("/v1/payments/intents", json=asked)
    stranger.post(f"/v1/pay/{link['code']}/pay", json={})
    client.post("/v1/subscriptions", json=asked | plan)

    paid = {each["source"]: each["country"] for each in client.get("/v1/payments").json()}
    assert paid == {"api": "BJ", "payment_link": "BJ", "subscription": "BJ"}


def test_whoever_has_paid_sees_who_was_paid(client, stranger):
    client.patch("/v1/organization", json=KENTE | {"name": "Kente & Sons"})
    link = client.post("/v1/payment-links", json=SUMMER).json()
    payer = {"email": "ada@example.com"}
    paid = stranger.post(f"/v1/pay/{link['code']}/pay", json=payer).json()

    stranger.cookies.set(f"{link['code']}.{paid['id']}", paid["client_secret"])
    page = stranger.get(f"/pay/{link['code']}/payments/{paid['id']}").text

    assert "Kente &amp; Sons" in page
    assert "--accent: #aa3300" in page
