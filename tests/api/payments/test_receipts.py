"""Receipts: the same for ever, printed and read, and who may know who paid."""

import re

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

KENTE = {"name": "Kente House", "country": "GH", "time_zone": "Africa/Accra", "color": "#7a1f3d"}
AMA = {"name": "Ama <Mensah>", "email": "ama@example.com"}


def paid(client, **said):
    client.patch("/v1/organization", json=KENTE)
    customer = client.post("/v1/customers", json=AMA).json()
    asked = {"amount": 125050, "currency": "GHS", "method": "card", "customer_id": customer["id"]}
    asked |= {"description": "A dress", "reference": "ORDER-7", "country": "GH"}
    payment = client.post("/v1/payments/intents", json=asked | said).json()
    return client.post(f"/v1/payments/{payment['id']}/confirm").json()


def read(page):
    text = re.sub("</?bdi>", "", page.text)
    rows = re.findall(r'scope="row">([^\0]+?)</th><td class="said">([^\0]+?)</td>', text)
    return {label: value.replace("\N{NO-BREAK SPACE}", " ") for label, value in rows}


@on_both_databases
def test_a_receipt_says_who_paid_whom_how_much_how_and_what_for(client):
    payment = paid(client)

    page = client.get(f"/v1/payments/{payment['id']}/receipt")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'sha256-" in page.headers["content-security-policy"]
    assert "Kente House" in page.text
    assert "GHS\N{NO-BREAK SPACE}1,250.50" in page.text
    assert "--accent: #7a1f3d" in page.text
    assert re.search(r"\d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d\sGMT", page.text)
    receipt = read(page)
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}", receipt.pop("Receipt number"))
    assert receipt == {
        "For": "A dress",
        "Paid by": "Ama &lt;Mensah&gt;\nama@example.com",
        "Paid with": "Card",
        "Reference": "ORDER-7",
        "Mode": "Test: no money moved",
    }


@on_both_databases
def test_a_receipt_stays_what_it_was_whatever_things_are_called_since(client):
    payment = paid(client)
    address = f"/v1/payments/{payment['id']}/receipt"
    before = client.get(address).text

    client.patch("/v1/organization", json={"name": "Other", "color": "#000000", "country": "DE"})
    client.patch(f"/v1/customers/{payment['customer_id']}", json={"name": "Somebody else"})

    assert client.get(address).text == before


def test_a_refund_is_added_and_changes_nothing_else(client):
    payment = paid(client)
    address = f"/v1/payments/{payment['id']}/receipt"
    before = read(client.get(address))

    client.post(f"/v1/payments/{payment['id']}/refund", json={"amount": 5000})

    after = read(client.get(address))
    amount, moment = after.pop("Refunded").split("<br>")
    assert amount == "\N{MINUS SIGN}GHS 50.00"
    assert re.search(r"\d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d\sGMT", moment)
    assert after == before


def sent_again(client, payment, **headers):
    return client.post(f"/v1/payments/{payment['id']}/receipt", headers=headers)


@pytest.fixture
def mail(client):
    """Switches on that emails can leave."""

    def mail():
        config = {"host": "smtp.shop.example", "from": "hello@shop.example"}
        said = {"type": "email", "provider": "smtp", "config": config}
        return client.post("/v1/workflows/integrations", json=said).raise_for_status().json()["id"]

    return mail


@on_both_databases
def test_a_receipt_is_sent_again_once_for_each_time_it_is_asked_for(client, merchant, mail):
    payment, integration = paid(client), mail()

    first = sent_again(client, payment, **{"Idempotency-Key": "again"})
    again = sent_again(client, payment, **{"Idempotency-Key": "again"})

    assert (first.status_code, again.json()) == (202, first.json())
    number = read(client.get(f"/v1/payments/{payment['id']}/receipt"))["Receipt number"]
    assert first.json() == {
        "payment_id": payment["id"],
        "customer_id": payment["customer_id"],
        "receipt_number": number,
        "channel": "email",
        "to": "ama@example.com",
        "copy": True,
        "integration_id": integration,
    }
    book = f"{merchant.founded.org_id}/test"
    stored = merchant.server.ledger.read_stream(book, payment["id"])
    assert [fact.topic for fact in stored].count("payment.receipt_requested") == 1


def test_a_receipt_is_sent_again_only_to_who_paid_and_can_be_written_to(client, mail):
    def why_not(payment):
        answer = sent_again(client, payment)
        return answer.status_code, answer.json()["code"]

    payment, of_nobody = paid(client), paid(client, customer_id=None)
    unpaid = {"amount": 77777, "currency": "GHS"}
    unpaid = client.post("/v1/payments/intents", json=unpaid).json()
    customer = f"/v1/customers/{payment['customer_id']}"
    assert why_not(payment) == (409, "no_integration")

    mail()

    assert why_not(unpaid) == (400, "payment_not_paid")
    assert why_not(of_nobody) == (400, "no_recipient")
    assert why_not({"id": "pay_nothing"}) == (404, "payment_not_found")
    client.patch(customer, json={"email": None})
    assert why_not(payment) == (400, "no_recipient")
    client.patch(customer, json={"email": "ama@example.com"})
    client.post(f"{customer}/consents", json={"channel": "email", "given": False})
    assert sent_again(client, payment).status_code == 202
    bounced = {"channel": "email", "given": False, "reason": "bounced"}
    client.post(f"{customer}/consents", json=bounced)
    assert why_not(payment) == (400, "recipient_suppressed")


def test_copies_are_not_sent_once_their_workflow_is_switched_off(client, mail):
    payment = paid(client)
    mail()
    sent_again(client, payment)
    asked = {"trigger": "receipt.requested"}
    [copies] = client.get("/v1/workflows/rules", params=asked).json()["workflows"]

    client.post(f"/v1/workflows/rules/{copies['id']}/disable")
    refused = sent_again(client, payment)
    client.post(f"/v1/workflows/rules/{copies['id']}/enable")

    assert (refused.status_code, refused.json()["code"]) == (409, "receipts_switched_off")
    assert sent_again(client, payment).status_code == 202


def test_a_copy_says_so(client):
    address = f"/v1/payments/{paid(client)['id']}/receipt"

    first, copy = client.get(address).text, client.get(address, params={"copy": True}).text

    assert "Copy" not in first
    assert copy.replace(' <span class="badge">Copy</span>', "") == first


def test_a_receipt_is_text_for_who_reads_text(client):
    address = f"/v1/payments/{paid(client)['id']}/receipt?copy=true"

    text = client.get(address, headers={"Accept": "text/plain"})

    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    title, _, amount, *_ = text.text.splitlines()
    assert re.fullmatch(r"Receipt [0-9A-Z-]{14} \(copy, test: no money moved\)", title)
    assert amount == "Paid: GHS\N{NO-BREAK SPACE}1,250.50"
    assert "Paid by: Ama <Mensah>, ama@example.com\n" in text.text


def test_who_is_gone_is_on_no_receipt(client):
    payment = paid(client)

    client.delete(f"/v1/customers/{payment['customer_id']}")

    page = client.get(f"/v1/payments/{payment['id']}/receipt")
    assert "Mensah" not in page.text
    assert "Paid by" not in read(page)


def test_a_key_that_may_not_know_customers_is_not_told_who_paid(client, merchant):
    payment = paid(client)
    key = client.post("/v1/api-keys", json={"name": "till", "scopes": ["payments:read"]}).json()

    with merchant.client(key["key"]) as till:
        page = till.get(f"/v1/payments/{payment['id']}/receipt")

    assert read(page)["For"] == "A dress"
    assert "Mensah" not in page.text


def test_what_was_not_paid_has_no_receipt(client):
    asked = {"amount": 500, "currency": "GHS", "method": "card"}
    payment = client.post("/v1/payments/intents", json=asked).json()

    refused = client.get(f"/v1/payments/{payment['id']}/receipt")
    unknown = client.get("/v1/payments/pay_01hxa2b3c4d5e6f7g8h9jkmnpq/receipt")

    assert (refused.status_code, refused.json()["code"]) == (400, "payment_not_paid")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "payment_not_found")


def test_what_is_no_payment_has_no_receipt_either(client):
    customer = client.post("/v1/customers", json=AMA).json()

    assert client.get(f"/v1/payments/{customer['id']}/receipt").status_code == 404
