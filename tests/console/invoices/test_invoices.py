"""Invoices: the list, one of them, the sheet that is printed, and what may be done."""

import pytest
from money_console import HOSTILE, made, read, send, subscribed


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

    for words in (invoice["number"], "GHS 40.00", "Ama Mensah", invoice["payment_id"], "issued"):
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
