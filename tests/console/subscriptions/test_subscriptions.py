"""Subscriptions: the list, one of them, a new one, and what may be done."""

import re
from datetime import datetime

import pytest
from money_console import HOSTILE, made, read, send, subscribed
from page_forms import fields_of


def test_the_list_shows_what_the_api_lists(console, client):
    subscribed(client, metadata={"plan_name": "Gold"})

    shown = read(console, "/console/subscriptions")

    total = client.get("/v1/subscriptions").headers["X-Total-Count"]
    assert f"1 to 1 of {total}" in shown
    assert "Gold" in shown
    assert "40.00 GHS" in shown


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("status=active", True),
        ("status=paused", False),
        ("plan_id=gold", True),
        ("plan_id=x", False),
    ],
)
def test_the_list_is_narrowed_and_taken_away(console, client, query, is_there):
    subscription = subscribed(client)["id"]

    shown = console.get(f"/console/subscriptions?{query}").text
    file = console.get(f"/console/subscriptions.csv?{query}").text

    assert (subscription in shown) == is_there
    assert (subscription in file) == is_there


def test_a_subscription_shows_its_plan_its_invoices_and_its_facts(console, client):
    subscription = subscribed(client)

    shown = read(console, f"/console/subscriptions/{subscription['id']}")

    invoice = client.get(f"/v1/invoices/{subscription['latest_invoice_id']}").json()
    for words in ("GHS 40.00 every month", invoice["number"], "Ama Mensah", "Subscription created"):
        assert words in shown


def test_all_that_happened_to_a_subscription_is_on_one_of_its_pages(console, client):
    path = f"/subscriptions/{subscribed(client)['id']}"
    for action in ("pause", "resume") * 26:
        client.post(f"/v1{path}/{action}", json={}).raise_for_status()

    first = console.get(f"/console{path}").text
    onward = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = console.get(onward).text

    shown = re.findall(r'id="entry-(\d+)"', first + second)
    told = client.get(f"/v1{path}/facts?limit=100").json()["facts"]
    assert shown == [str(each["position"]) for each in told]


def test_a_subscription_is_started_in_a_form(console, client):
    customer = made(client, "/v1/customers", name="Ama", external_id="usr_1")["id"]
    fields = {"customer_id": "usr_1", "plan_id": "gold", "currency": "GHS", "amount": "40"}
    fields |= {"interval": "yearly", "method": "mobile_money", "trial_days": "14"}

    status, place = send(console, "/console/subscriptions/new", **fields)

    assert status == 303
    told = client.get(f"/v1/subscriptions/{place.rpartition('/')[2]}").json()
    assert (told["customer_id"], told["amount"], told["interval"]) == (customer, 4000, "yearly")
    assert told["trial_end"] is not None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"customer_id": ""}, "customer"),
        ({"amount": ""}, "This is needed"),
        ({"trial_days": "long"}, "must be a whole number"),
        ({"start_date": "2001-01-01"}, "2001"),
    ],
)
def test_what_is_wrong_stands_in_the_form(console, client, wrong, said):
    made(client, "/v1/customers", name="Ama", external_id="usr_1")
    fields = {"customer_id": "usr_1", "plan_id": "gold", "currency": "GHS", "amount": "40"}
    fields |= {"interval": "monthly", "method": "mobile_money"} | wrong

    status, shown = send(console, "/console/subscriptions/new", **fields)

    assert 400 <= status < 500
    assert said.lower() in shown.lower()
    assert client.get("/v1/subscriptions").json() == []


def test_a_subscription_is_paused_goes_on_and_ends(console, client):
    path = f"/console/subscriptions/{subscribed(client)['id']}"

    assert send(console, f"{path}/pause", reason="on a journey")[0] == 303
    assert "on a journey" in read(console, path)
    assert send(console, f"{path}/resume")[0] == 303
    assert send(console, f"{path}/cancel", when="period_end")[0] == 303
    assert "It ends with the period that is paid" in read(console, path)
    assert console.post(f"{path}/go-on", data={"once": "1"}).status_code == 303
    assert send(console, f"{path}/cancel", when="now", reason="moved away")[0] == 303

    told = client.get(path.replace("/console", "/v1")).json()
    assert (told["status"], told["status_reason"]) == ("canceled", "moved away")


def test_what_is_canceled_goes_on_for_the_time_that_is_paid_unless_somebody_says_now(
    console, client
):
    subscription = subscribed(client)
    path = f"/console/subscriptions/{subscription['id']}"
    end = datetime.fromisoformat(subscription["current_period_end"])
    day = f"{end.day} {end:%B %Y}"

    form = console.get(f"{path}/cancel").text
    console.post(f"{path}/cancel", data={"once": "1", **fields_of(form)})

    told = read(console, path)
    assert f"With the period that is paid, on {day}" in form
    assert f"It goes on until {day}, and ends then." in told
    assert "Canceled." not in told
    assert client.get(path.replace("/console", "/v1")).json()["status"] == "active"


def test_a_plan_is_changed(console, client):
    path = f"/console/subscriptions/{subscribed(client)['id']}"

    status, _ = send(
        console, f"{path}/edit", plan_id="silver", amount="20", interval="monthly", method="card"
    )

    assert status == 303
    told = client.get(path.replace("/console", "/v1")).json()
    assert (told["plan_id"], told["amount"]) == ("silver", 2000)


def test_what_cannot_be_done_any_more_says_so(console, client):
    subscription = subscribed(client)["id"]
    made(client, f"/v1/subscriptions/{subscription}/cancel")

    status, shown = send(console, f"/console/subscriptions/{subscription}/pause")

    assert status >= 400
    assert "canceled" in shown


def test_what_somebody_wrote_is_text(console, client):
    subscription = subscribed(client, plan_id=HOSTILE, metadata={"plan_name": HOSTILE})["id"]

    for path in ("", f"/{subscription}", f"/{subscription}/pause", f"/{subscription}/edit"):
        shown = console.get(f"/console/subscriptions{path}")
        assert shown.status_code == 200
        assert "<script>alert" not in shown.text
