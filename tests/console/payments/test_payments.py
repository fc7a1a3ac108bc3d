"""Payments, refunds and disputes: what the pages show is what the API says."""

import re

import pytest
from console_browser import signed_in
from console_people import add_person, signed_in_as
from money_console import HOSTILE, made, paid, read, send
from page_text import text_of
from workflow_parts import do_what_follows

TAG = {"type": "add_tag", "config": {"tag": "seen"}}


def test_the_list_shows_what_the_api_lists(console, client):
    paid(client, description="Rice, 50 kg")
    made(client, "/v1/payments/intents", amount=200, currency="KES", description="Tea")

    shown = read(console, "/console/payments")

    told = client.get("/v1/payments")
    assert f"1 to 2 of {told.headers['X-Total-Count']}" in shown
    assert "Rice, 50 kg" in shown
    assert "1,500.00 GHS" in shown
    assert "Pending" in shown


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("status=succeeded", True),
        ("status=failed", False),
        ("currency=GHS", True),
        ("currency=KES", False),
        ("search=rice", True),
        ("amount_from=1400&currency=GHS", True),
        ("amount_to=1400&currency=GHS", False),
        ("source=payment_link", False),
        ("metadata.order=17", True),
        ("metadata.order=18", False),
        ("from=2020-01-01&to=2020-02-01", False),
    ],
)
def test_the_list_is_narrowed_as_the_api_narrows(console, client, query, is_there):
    paid(client, description="Rice, 50 kg", metadata={"order": "17"})

    shown = read(console, f"/console/payments?{query}")

    assert ("Rice, 50 kg" in shown) == is_there
    assert "Take off" in shown


def test_amounts_are_compared_in_one_currency(console, client):
    paid(client, description="Rice, 50 kg")

    shown = read(console, "/console/payments?amount_from=10")

    assert "say which" in shown
    assert "Rice, 50 kg" not in shown


def test_the_list_goes_on_where_it_ended(console, client):
    for number in range(51):
        made(client, "/v1/payments/intents", amount=100 + number, currency="GHS")
    first = console.get("/console/payments").text

    following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = read(console, following)

    assert "51 to 51 of 51" in second


def test_the_list_is_a_file_as_well(console, client):
    payment = paid(client)

    file = console.get("/console/payments.csv?status=succeeded")

    assert file.headers["content-type"].startswith("text/csv")
    assert payment in file.text


def test_a_payment_shows_its_states_its_facts_and_what_went_back(console, client):
    payment = paid(client, description="Rice", metadata={"order": "17"}, provider="hubtel")
    made(client, f"/v1/payments/{payment}/refund", amount=30_000, reason="damaged")

    shown = read(console, f"/console/payments/{payment}")

    told = client.get(f"/v1/payments/{payment}").json()
    assert told["refunded_amount"] == 30_000
    for words in ("GHS 1,500.00", "GHS 300.00", "GHS 1,200.00", "damaged", "Rice", "17"):
        assert words in shown
    changes = client.get(f"/v1/payments/{payment}/status_history").json()
    assert shown.count("Partially refunded") >= len(changes) - 2
    assert "Payment begun" in shown
    assert f"/v1/payments/{payment}/facts" in shown


@pytest.mark.parametrize(
    ("refund", "said"), [(0, "Lost in a dispute"), (100, "Partly lost in a dispute")]
)
def test_what_was_lost_in_a_dispute_is_not_called_refunded(console, client, refund, said):
    payment = paid(client)
    if refund:
        made(client, f"/v1/payments/{payment}/refund", amount=refund)
    made(client, f"/v1/payments/{payment}/dispute")
    made(client, f"/v1/payments/{payment}/dispute/resolve", outcome="lost")

    shown = [read(console, path) for path in ("/console/payments", f"/console/payments/{payment}")]

    assert client.get(f"/v1/payments/{payment}").json()["status"] == "refunded"
    assert all(said in each for each in shown)


def test_a_refund_says_of_whom_how_much_is_left_and_how_much_it_was(console, client):
    ama = made(client, "/v1/customers", name="Ama Mensah")["id"]
    payment = paid(client, customer_id=ama)
    path = f"/console/payments/{payment}"

    form = read(console, f"{path}/refund")
    console.post(f"{path}/refund", data={"amount": "12.50"})
    said = read(console, path)
    rest = read(console, f"{path}/refund")
    console.post(f"{path}/refund", data={})
    said_of_rest = read(console, path)

    assert "Ama Mensah" in form
    assert "Refund GHS 1,500.00" in form
    assert "Refunded GHS 12.50." in said
    assert "GHS 1,487.50 of GHS 1,500.00 is left." in rest
    assert "Refund GHS 1,487.50" in rest
    assert "Refunded GHS 1,487.50." in said_of_rest


def test_a_refund_is_recorded_once_however_often_its_form_is_sent(console, client):
    payment = paid(client)
    path = f"/console/payments/{payment}/refund"
    fields = {"once": "pressed-twice", "amount": "12.50", "reason": "late"}

    first = console.post(path, data=fields)
    second = console.post(path, data=fields)

    assert (first.status_code, second.status_code) == (303, 303)
    refunds = client.get(f"/v1/payments/{payment}/refunds").json()
    assert [(refund["amount"], refund["reason"]) for refund in refunds] == [(1250, "late")]


def test_what_is_wrong_with_a_refund_stands_in_its_form(console, client):
    payment = paid(client, amount=1000)

    status, shown = send(console, f"/console/payments/{payment}/refund", amount="1,000.00")

    assert status in (400, 409, 422)
    assert "left" in shown
    assert client.get(f"/v1/payments/{payment}/refunds").json() == []


def test_a_payment_is_captured_disputed_and_resolved(console, client):
    payment = paid(client, capture_method="manual")

    assert send(console, f"/console/payments/{payment}/capture", amount="")[0] == 303
    assert send(console, f"/console/payments/{payment}/dispute", amount="100")[0] == 303
    assert send(console, f"/console/payments/{payment}/resolve", outcome="lost")[0] == 303

    told = client.get(f"/v1/payments/{payment}").json()
    assert (told["captured_amount"], told["disputed_amount"]) == (150_000, 10_000)
    assert "Lost" in read(console, "/console/payments/disputes?status=lost")


def test_a_payment_that_waits_is_canceled(console, client):
    payment = made(client, "/v1/payments/intents", amount=77777, currency="GHS")["id"]

    sent = send(console, f"/console/payments/{payment}/cancel", reason="sold out")

    assert sent[0] == 303
    assert client.get(f"/v1/payments/{payment}").json()["status"] == "canceled"


def test_a_receipt_that_cannot_be_sent_says_what_is_missing_and_where_it_is_mended(console, client):
    guests = paid(client)
    ama = paid(client, customer_id=made(client, "/v1/customers", email="ama@example.com")["id"])
    kofi = paid(client, customer_id=made(client, "/v1/customers", name="Kofi")["id"])

    without, with_address, nobodys = (
        console.get(f"/console/payments/{payment}/receipt").text for payment in (kofi, ama, guests)
    )

    assert "no email address" in without
    assert 'href="/console/settings/integrations"' in with_address.partition("<main")[2]
    assert "Nobody is known who paid" in nobodys
    for shown in (without, with_address, nobodys):
        assert 'name="once"' not in shown.partition("<main")[2]


def test_a_receipt_says_to_which_address_it_goes_and_goes_there(console, client):
    mail = {"from": "hello@shop.example", "host": "smtp.shop.example", "port": 465}
    made(client, "/v1/workflows/integrations", type="email", provider="smtp", config=mail)
    customer = made(client, "/v1/customers", email="ama@example.com")["id"]
    page = f"/console/payments/{paid(client, customer_id=customer)}/receipt"

    shown = read(console, page)
    status, _ = send(console, page)

    assert "To: ama@example.com" in shown
    assert status == 303


def test_the_receipt_is_to_be_looked_at(console, client):
    payment = paid(client, description="Rice")

    receipt = console.get(f"/console/payments/{payment}/receipt.html")

    assert receipt.status_code == 200
    assert "Rice" in receipt.text


@pytest.mark.parametrize(("subject", "button"), [("refunds", "payment_id"), ("disputes", "status")])
def test_lists_of_what_went_back_are_narrowed_and_taken_away(console, client, subject, button):
    payment = paid(client)
    made(client, f"/v1/payments/{payment}/refund", amount=100, reason="damaged")
    made(client, f"/v1/payments/{payment}/dispute", amount=200, reason="not received")

    shown = console.get(f"/console/payments/{subject}?payment_id={payment}").text
    nothing = read(console, f"/console/payments/{subject}?payment_id=nothing")
    file = console.get(f"/console/payments/{subject}.csv?payment_id={payment}")

    assert f'name="{button}"' in shown
    assert "1 to 1 of 1" in text_of(shown)
    assert "None has all of this in common" in nothing
    assert payment in file.text


@pytest.mark.parametrize("subject", ["refunds", "disputes"])
def test_lists_of_what_went_back_lead_to_the_customer(console, client, merchant, subject):
    ama = made(client, "/v1/customers", name="Ama Mensah")["id"]
    payment = paid(client, customer_id=ama)
    made(client, f"/v1/payments/{payment}/refund", amount=100)
    made(client, f"/v1/payments/{payment}/dispute", amount=200)
    add_person(merchant, "efua@shop.example", "support")

    shown = console.get(f"/console/payments/{subject}").text
    with signed_in_as(merchant, "efua@shop.example") as support:
        covered = support.get(f"/console/payments/{subject}").text

    assert f'href="/console/customers/{ama}"' in shown
    assert "<bdi>Ama Mensah</bdi>" in shown
    assert "<bdi>A••• M•••</bdi>" in covered
    assert "Mensah" not in covered


def test_what_somebody_wrote_is_text(console, client):
    payment = paid(client, description=HOSTILE, metadata={HOSTILE: HOSTILE})
    made(client, f"/v1/payments/{payment}/refund", amount=100, reason=HOSTILE)

    for path in ("", f"/{payment}", f"/{payment}/refund", "/refunds"):
        assert "<script>alert" not in console.get(f"/console/payments{path}").text


def test_whoever_only_reads_is_offered_no_action(client, merchant):
    payment = paid(client)
    key = made(client, "/v1/api-keys", name="reads", scopes=["payments:read"])["key"]

    with signed_in(merchant.server.url, key) as reader:
        shown = reader.get(f"/console/payments/{payment}").text
        refused = reader.post(f"/console/payments/{payment}/refund", data={"amount": "1"})

    assert "/refund" not in shown
    assert "Succeeded" in shown
    assert refused.status_code == 403


def test_nothing_can_be_done_in_the_past(console, client):
    payment = paid(client, occurred_at="2026-01-05T10:00:00Z")
    moment = client.get(f"/v1/payments/{payment}").json()["updated_at"]

    shown = console.get(f"/console/payments/{payment}", params={"known_at": moment})

    assert shown.status_code in (200, 404)
    assert "/refund?" not in shown.text


def test_there_is_no_page_of_what_there_is_not(console, client):
    payment = paid(client)

    assert console.get("/console/payments/nothing").status_code == 404
    assert console.get(f"/console/payments/{payment}/explode").status_code == 404


def test_what_followed_from_a_payment_is_found_however_much_followed_since(console, client, server):
    rule = {"name": "Tag", "trigger": "payment.created", "actions": [TAG]}
    for _ in range(26):
        client.post("/v1/workflows/rules", json=rule).raise_for_status()
    ama = client.post("/v1/customers", json={"external_id": "usr_ama"}).json()["id"]
    order = {"amount": 500, "currency": "GHS", "customer_id": ama}
    first, *_ = [client.post("/v1/payments/intents", json=order).json()["id"] for _ in range(5)]
    do_what_follows(server.ledger)

    shown = console.get(f"/console/payments/{first}").text

    told = client.get(f"/v1/workflows/executions?payment_id={first}&limit=100").json()["executions"]
    listed = re.findall(r'/console/workflows/executions/(exe_[^"?]+)"', shown)
    assert listed == [each["id"] for each in told][: len(listed)] != []
    assert f'href="/console/workflows/executions?payment_id={first}"' in shown
    assert "All 26" in shown
