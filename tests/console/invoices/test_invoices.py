"""Invoices: the list, one of them, the sheet that is printed, and what may be done."""

import re
from html import unescape

import pytest
from console_browser import signed_in
from money_console import HOSTILE, filled_in, made, read, send, subscribed


def failed_invoice(client):
    """The amount is one that the simulator declines."""
    return subscribed(client, amount=4001)["latest_invoice_id"]


def test_the_list_shows_what_the_api_lists(console, client):
    subscribed(client)

    shown = read(console, "/console/invoices")

    told = client.get("/v1/invoices")
    assert f"1 to 1 of {told.headers['X-Total-Count']}" in shown
    assert told.json()[0]["number"] in shown
    assert "40.00 GHS" in shown


@pytest.mark.parametrize(("query", "is_there"), [("status=draft", False), ("customer_id=x", False)])
def test_the_list_is_narrowed_and_taken_away(console, client, query, is_there):
    invoice = subscribed(client)["latest_invoice_id"]

    assert (invoice in console.get(f"/console/invoices?{query}").text) == is_there
    assert invoice in console.get("/console/invoices.csv").text


def test_invoices_are_found_by_when_they_were_due(console, client):
    invoice = subscribed(client)["latest_invoice_id"]

    by_day = {
        day: [each["id"] for each in client.get("/v1/invoices", params={"due_before": day}).json()]
        for day in ("2000-01-01", "2100-01-01")
    }

    assert by_day == {"2000-01-01": [], "2100-01-01": [invoice]}
    overdue = console.get("/console/invoices?status=overdue").text
    assert "State: Overdue" in overdue
    assert invoice not in overdue
    assert console.get("/console/invoices.csv?status=overdue").status_code == 200


def test_invoices_that_failed_are_named_beside_those_that_are_overdue(console, client):
    invoice = failed_invoice(client)
    client.patch(f"/v1/invoices/{invoice}", json={"due_date": "2026-01-01"}).raise_for_status()

    overdue = console.get("/console/invoices?status=overdue").text

    assert "1 invoice is past the due date" in overdue
    assert "past the due date" not in console.get("/console/invoices").text


def test_failed_invoices_that_are_past_their_day_lead_to_these_and_no_others(console, client):
    late, early = failed_invoice(client), failed_invoice(client)
    client.patch(f"/v1/invoices/{late}", json={"due_date": "2026-01-01"}).raise_for_status()

    overdue = console.get("/console/invoices?status=overdue").text
    href = re.search(r'href="([^"]*)"[^>]*>Show failed invoices', overdue)[1]
    led_to = console.get(unescape(href)).text

    assert [invoice in led_to for invoice in (late, early)] == [True, False]


def test_overdue_invoices_are_called_by_their_own_customers(merchant):
    """In live mode a payer has to say yes, so each invoice is waited for."""
    key = merchant.founded.keys["live"]
    with merchant.client(key) as client, signed_in(merchant.server.url, key) as console:
        invoices = [
            subscribed(client, customer_id=made(client, "/v1/customers", name=name)["id"])
            for name in ("Yaw Overdue", "Kofi Early", "Esi Early")
        ]
        late = invoices[0]["latest_invoice_id"]
        client.patch(f"/v1/invoices/{late}", json={"due_date": "2026-01-01"}).raise_for_status()
        shown = read(console, "/console")

        assert "1 overdue invoice Yaw Overdue · since" in shown
        told = client.get("/v1/attention").json()["items"]
        path = next(each["path"] for each in told if each["kind"] == "overdue_invoices")
        assert [each["id"] for each in client.get(path).json()] == [late]


def test_an_invoice_that_was_asked_for_today_is_not_overdue(merchant):
    key = merchant.founded.keys["live"]
    with merchant.client(key) as client, signed_in(merchant.server.url, key) as console:
        invoice = subscribed(client)["latest_invoice_id"]

        assert client.get(f"/v1/invoices/{invoice}").json()["status"] == "due"
        assert invoice not in console.get("/console/invoices?status=overdue").text
        assert "Overdue" not in read(console, f"/console/invoices/{invoice}")


def test_others_are_named_only_where_there_are_others(console, client):
    failed_invoice(client)
    ama = client.get("/v1/customers").json()["customers"][0]["id"]
    subscribed(client, amount=4001, customer_id=ama)

    assert "2 invoices whose payment failed Ama Mensah · since" in read(console, "/console")

    subscribed(client, amount=4001, customer_id=made(client, "/v1/customers")["id"])
    assert "failed Ama Mensah and others · since" in read(console, "/console")


def test_failed_invoices_are_called_by_their_customers_where_they_wait(console, client):
    failed_invoice(client)

    shown = read(console, "/console")

    assert "1 invoice whose payment failed Ama Mensah · since" in shown


@pytest.mark.parametrize("by", ["number", "name", "phone"])
def test_invoices_are_searched_by_their_number_and_by_their_customer(console, client, by):
    subscription = subscribed(client)
    invoice = client.get(f"/v1/invoices/{subscription['latest_invoice_id']}").json()
    customer = client.get(f"/v1/customers/{subscription['customer_id']}").json()
    client.patch(f"/v1/customers/{customer['id']}", json={"phone": "+233501234589"})
    said = {"number": invoice["number"], "name": "mensah", "phone": "0501234589"}[by]

    found = {
        each: console.get("/console/invoices", params={"search": each}).text
        for each in (said, "Kofi Boateng")
    }

    assert [invoice["id"] in each for each in found.values()] == [True, False]
    assert 'name="search"' in found[said]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
def test_invoices_of_a_deleted_customer_are_found_by_number_and_by_nothing_personal(client):
    subscription = subscribed(client)
    invoice = client.get(f"/v1/invoices/{subscription['latest_invoice_id']}").json()
    client.delete(f"/v1/customers/{subscription['customer_id']}").raise_for_status()

    found = {
        each: [one["id"] for one in client.get("/v1/invoices", params={"search": each}).json()]
        for each in ("mensah", "ama@example.com", invoice["number"])
    }

    assert found == {"mensah": [], "ama@example.com": [], invoice["number"]: [invoice["id"]]}


def test_who_may_not_know_customers_finds_no_invoice_by_them(merchant, client):
    subscribed(client)
    made = client.post("/v1/api-keys", json={"name": "books", "scopes": ["invoices:read"]})
    with signed_in(merchant.server.url, made.json()["key"]) as books:
        listed = books.get("/console/invoices")
        searched = books.get("/console/invoices", params={"search": "mensah"})

    assert 'name="number"' in listed.text
    assert searched.status_code == 403


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("2026-11-01", ("2026-11-01", "date")),
        ("2026-11-01T00:00:00+00:00", ("2026-11-01", "date")),
        ("2026-11-01T10:30:00+00:00", ("2026-11-01T10:30:00+00:00", "text")),
    ],
)
def test_a_day_is_chosen_and_a_moment_that_a_link_named_stays(console, typed, field):
    shown = console.get("/console/invoices", params={"from": typed}).text

    assert re.search('name="from" value="([^"]*)"[^>]* type="([a-z]+)"', shown).groups() == field


def test_an_invoice_that_failed_says_all_of_why_and_one_that_is_paid_no_more_of_how_often(
    console, client
):
    failed, paid = failed_invoice(client), subscribed(client)["latest_invoice_id"]
    payment = client.get(f"/v1/invoices/{failed}").json()["payment_id"]
    why = client.get(f"/v1/payments/{payment}").json()["failure_message"]

    shown = console.get(f"/console/invoices/{failed}").text

    assert why in shown[: shown.index("What happened")]
    assert "0 of 3" not in read(console, f"/console/invoices/{paid}")


def test_an_invoice_shows_whose_it_is_its_payment_and_its_facts(console, client):
    subscription = subscribed(client)
    invoice = client.get(f"/v1/invoices/{subscription['latest_invoice_id']}").json()

    shown = read(console, f"/console/invoices/{invoice['id']}")

    for words in (invoice["number"], "GHS 40.00", "Ama Mensah", "Mobile money", "issued"):
        assert words in shown


def test_a_sheet_says_who_asks_whom_for_what(console, client):
    invoice = subscribed(client, metadata={"plan_name": "Gold"})["latest_invoice_id"]

    sheet = read(console, f"/console/invoices/{invoice}/sheet")

    for words in ("TEST", "Ama's shop", "Ama Mensah", "Gold", "GHS 40.00"):
        assert words in sheet


def test_an_invoice_that_failed_is_tried_again_or_given_up(console, client):
    invoice = failed_invoice(client)
    assert client.get(f"/v1/invoices/{invoice}").json()["status"] == "failed"

    assert send(console, f"/console/invoices/{invoice}/retry")[0] == 303
    assert send(console, f"/console/invoices/{invoice}/due", due_date="2031-05-01")[0] == 303
    assert client.get(f"/v1/invoices/{invoice}").json()["due_at"].startswith("2031-05-01")
    assert send(console, f"/console/invoices/{invoice}/cancel", reason="a mistake")[0] == 303

    assert client.get(f"/v1/invoices/{invoice}").json()["status"] == "canceled"


def test_what_cannot_be_done_says_so(console, client):
    invoice = subscribed(client)["latest_invoice_id"]

    status, shown = send(console, f"/console/invoices/{invoice}/retry")

    assert status >= 400
    assert "invoice" in shown


def test_what_somebody_wrote_is_text(console, client):
    invoice = subscribed(client, plan_id=HOSTILE)["latest_invoice_id"]
    made(client, "/v1/customers", name=HOSTILE)

    for path in ("", f"/{invoice}", f"/{invoice}/sheet"):
        shown = console.get(f"/console/invoices{path}")
        assert shown.status_code == 200
        assert "<script>alert" not in shown.text


def test_an_invoice_that_was_paid_in_cash_is_recorded_as_paid(console, client):
    invoice = failed_invoice(client)
    path = f"/console/invoices/{invoice}"

    nameless = send(console, f"{path}/paid", provider="cash", provider_ref_id="")
    paid = send(console, f"{path}/paid", provider="cash", provider_ref_id="R-17")

    assert nameless[0] == 400
    assert paid[0] == 303
    known = client.get(f"/v1/invoices/{invoice}").json()
    payment = client.get(f"/v1/payments/{known['payment_id']}").json()
    assert (known["status"], payment["status"], payment["provider"]) == (
        "paid",
        "succeeded",
        "cash",
    )
    assert f"{path}/paid" not in console.get(path).text


def test_what_is_paid_already_is_not_recorded_as_paid_again(console, client):
    paid, failed = subscribed(client)["latest_invoice_id"], failed_invoice(client)
    first, other = f"/console/invoices/{paid}/paid", f"/console/invoices/{failed}/paid"
    status, shown = send(console, first, provider="cash", provider_ref_id="R-18")

    assert status == 409
    assert "Nothing was recorded: the payment is recorded already, by simulator" in shown
    # The number is not used up: it is that of the receipt of another.
    assert send(console, other, provider="cash", provider_ref_id="R-18")[0] == 303


def test_a_payment_is_recorded_once_however_often_its_form_is_sent(console, client):
    path = f"/console/invoices/{failed_invoice(client)}/paid"
    form = filled_in(console, path) | {"provider_ref_id": "R-17"}

    sent = [console.post(path, data=form).status_code for _ in range(2)]
    under_another = send(console, path, provider="bank", provider_ref_id="R-17")

    assert sent == [303, 303]
    assert under_another[0] == 409


def test_an_invoice_that_was_canceled_is_not_recorded_as_paid(console, client):
    path = f"/console/invoices/{failed_invoice(client)}"
    assert send(console, f"{path}/cancel")[0] == 303

    status, shown = send(console, f"{path}/paid", provider="cash", provider_ref_id="R-17")

    assert status == 409
    assert "Nothing was recorded" in shown


def test_how_the_money_came_is_needed(console, client):
    invoice = failed_invoice(client)
    path = f"/console/invoices/{invoice}/paid"

    status, shown = send(console, path, provider=" ", provider_ref_id="R-17")

    assert status == 400
    assert "needed" in shown
    assert client.get(f"/v1/invoices/{invoice}").json()["status"] == "failed"


def test_who_may_record_no_payment_is_not_offered_to(merchant, client):
    invoice = failed_invoice(client)
    scopes = ["invoices:read", "invoices:write"]
    key = made(client, "/v1/api-keys", name="bills", scopes=scopes)["key"]

    with signed_in(merchant.server.url, key) as bills:
        shown = bills.get(f"/console/invoices/{invoice}").text

    assert f"/console/invoices/{invoice}/retry" in shown
    assert f"/console/invoices/{invoice}/paid" not in shown


def test_an_invoice_says_how_its_customer_is_reached_and_its_period_in_words(console, client):
    subscription = subscribed(client)
    phone = {"phone": "+233501234589"}
    client.patch(f"/v1/customers/{subscription['customer_id']}", json=phone).raise_for_status()

    shown = read(console, f"/console/invoices/{subscription['latest_invoice_id']}")

    assert "+233501234589" in shown
    assert "(number 1 of the subscription)" in shown
    assert "Period 1:" not in shown


def test_a_sheet_says_whom_to_ask_and_what_to_say_with_a_payment(console, client):
    invoice = failed_invoice(client)
    told = client.get(f"/v1/invoices/{invoice}").json()
    client.patch("/v1/organization", json={"contact_email": "owner@shop.example"})

    sheet = read(console, f"/console/invoices/{invoice}/sheet")

    assert f"With your payment, say {told['number']}." in sheet
    assert "how to pay: owner@shop.example" in sheet
    assert told["payment_id"] not in sheet
