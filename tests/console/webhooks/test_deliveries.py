"""Deliveries and events in the console: what was told, each attempt, and the body of now."""

import html
import json
import re

import pytest
from console_browser import signed_in
from receiver import Answers
from waiting import awaited


def code_in(page):
    """The body that is shown whole: it is no call, and no answer of somebody else."""
    shown = re.findall(r"<pre[^>]*><code>({.*?})</code>", page, re.DOTALL)
    return json.loads(html.unescape(shown[0]))


@pytest.fixture
def server(new_server):
    """With nobody else's endpoints in its store."""
    return new_server()


@pytest.fixture
def delivery(client, endpoint, receiver, telling, pay):
    """One that was sent and not taken."""
    assert endpoint["enabled"]
    receiver.behave = lambda _request: Answers(500, body=b"no room")
    with telling():
        pay()
        awaited(lambda: client.get("/v1/webhooks/outbound").json())
    [sent] = client.get("/v1/webhooks/outbound").json()
    return sent


def test_a_delivery_is_found_with_why_it_failed_and_the_body_of_now(console, client, delivery):
    listed = console.get("/console/webhooks/deliveries", params={"status": "pending"}).text
    shown = console.get(f"/console/webhooks/deliveries/{delivery['id']}").text

    assert f"/console/webhooks/deliveries/{delivery['id']}" in listed
    assert "answered 500" in shown
    assert "no room" in shown
    assert code_in(shown) == client.get(f"/v1/events/{delivery['event_id']}").json()


def test_a_delivery_is_sent_once_more(console, client, delivery):
    answer = console.post(f"/console/webhooks/deliveries/{delivery['id']}/resend")

    assert answer.status_code == 303
    assert "It is sent once more." in console.get(answer.headers["location"]).text
    assert client.get(f"/v1/webhooks/outbound/{delivery['id']}").json()["status"] == "pending"


def test_all_that_was_given_up_is_sent_again(console, endpoint):
    answer = console.post(f"/console/webhooks/endpoints/{endpoint['id']}/resend")

    assert answer.status_code == 303
    assert "0 deliveries are sent again." in console.get(answer.headers["location"]).text


def test_a_delivery_filter_can_be_taken_off(console):
    shown = console.get("/console/webhooks/deliveries?status=failed&event_type=payment.*").text

    assert "Nothing of this kind" in shown
    assert 'href="/console/webhooks/deliveries?event_type=payment.%2A"' in shown


def test_whoever_may_not_read_customers_is_told_why_there_is_no_body(merchant, client, delivery):
    scopes = ["webhooks:read"]
    made = client.post("/v1/api-keys", json={"name": "looks", "scopes": scopes}).json()

    with signed_in(merchant.server.url, made["key"]) as console:
        shown = console.get(f"/console/webhooks/deliveries/{delivery['id']}").text

    assert "You may not see it" in shown
    assert "ama@example.com" not in shown


def test_events_are_those_of_the_feed_the_latest_first(console, client, pay):
    pay()
    pay("kofi@example.com")

    shown = console.get("/console/events").text

    said = [each["id"] for each in client.get("/v1/events").json()["events"]]
    assert re.findall(r'class="whole" href="/console/events/([^"]*)"', shown) == said[::-1]


def test_events_are_narrowed_to_one_customer_and_one_kind(console, client, pay):
    pay()
    pay("kofi@example.com")

    asked = {"types": "payment.*", "customer_id": "kofi@example.com"}
    shown = console.get("/console/events", params=asked).text

    [said] = client.get("/v1/events", params=asked).json()["events"]
    assert re.findall(r'class="whole" href="/console/events/([^"]*)"', shown) == [said["id"]]


def test_a_kind_of_event_that_there_is_not_is_refused_in_its_place(console):
    refused = console.get("/console/events?types=shoes")

    assert refused.status_code == 400
    assert "No event is called shoes" in refused.text


def test_earlier_events_follow_without_a_gap(console, client):
    for number in range(60):
        client.post("/v1/customers", json={"name": f"Customer {number}"})

    first = console.get("/console/events").text
    earlier = html.unescape(re.search(r'rel="next" href="([^"]*)"', first)[1])
    second = console.get(earlier).text

    found = [
        *re.findall(r'class="whole" href="/console/events/([^"]*)"', first),
        *re.findall(r'class="whole" href="/console/events/([^"]*)"', second),
    ]
    said = client.get("/v1/events").json()["events"]
    assert found == [each["id"] for each in said[::-1]][: len(found)]
    assert len(found) > 50


def test_one_event_is_shown_as_it_is_told(console, client, pay):
    pay()
    event = client.get("/v1/events").json()["events"][-1]

    shown = console.get(f"/console/events/{event['id']}").text

    assert code_in(shown) == event


def test_an_event_names_who_was_told_of_it_and_is_sent_to_one_of_them_again(
    console, client, delivery
):
    page = f"/console/events/{delivery['event_id']}"

    shown = console.get(page).text
    resend = f"/console/webhooks/deliveries/{delivery['id']}/resend"
    answer = console.post(resend, data={"of": "event"})

    assert "Send again to warehouse" in shown
    assert "answered 500" in shown
    assert answer.headers["location"] == page
    sent = client.get(f"/v1/webhooks/outbound/{delivery['id']}").json()
    assert sent["status"] == "pending"


def test_whoever_may_not_know_of_webhooks_is_told_of_the_event_alone(merchant, client, delivery):
    scopes = ["events:read", "customers:read"]
    made = client.post("/v1/api-keys", json={"name": "looks", "scopes": scopes}).json()

    with signed_in(merchant.server.url, made["key"]) as console:
        shown = console.get(f"/console/events/{delivery['event_id']}")

    assert shown.status_code == 200
    assert "Who is told of it" not in shown.text


def test_the_names_of_events_are_not_taken_apart(console):
    refused = console.get("/console/events?types=shoes").text

    assert "webhook_endpoint.failing" in refused


def test_the_list_says_where_one_is_in_it_and_leads_back(console, delivery):
    first = console.get("/console/webhooks/deliveries").text
    beyond = console.get("/console/webhooks/deliveries?offset=1").text

    assert "1 to 1" in first
    assert delivery["id"] in first
    assert delivery["id"] not in beyond


@pytest.mark.parametrize(
    ("address", "name"),
    [("/console/webhooks/deliveries", "event_type"), ("/console/events", "types")],
)
def test_an_event_is_chosen_by_its_name(console, pay, address, name):
    pay()

    shown = console.get(f"{address}?{name}=payment.succeeded").text
    other = console.get(f"{address}?{name}=refund.succeeded").text

    assert '<option value="payment.*">All about payments</option>' in shown
    assert '<option value="payment.succeeded" selected>' in shown
    assert '<option value="refund.succeeded" selected>' in other
