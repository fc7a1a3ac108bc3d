"""The list of customers: what /v1/customers says, narrowed, in order, and page by page."""

import csv
import html
import io
import re

import httpx
import pytest
from page_text import text_of


def shown(console, **asked):
    answer = console.get("/console/customers", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.text


def names(console, **asked):
    return re.findall(r'class="whole"[^>]*><bdi>([^<]*)</bdi>', shown(console, **asked))


def links(page):
    return [html.unescape(each) for each in re.findall(r'href="([^"]*)"', page)]


@pytest.mark.usefixtures("ama")
def test_it_shows_of_each_customer_what_the_api_says(console):
    page = text_of(shown(console))

    assert "Ama Mensah ama@example.com" in page
    assert "1,500.00 GHS" in page
    assert "1 to 1 of 1" in page


@pytest.mark.usefixtures("ama")
@pytest.mark.parametrize(
    "asked",
    [
        {"search": "mensah"},
        {"tags": "vip"},
        {"source": "payment_link"},
        {"acquired_via": "pl_summer"},
        {"spent_from": "1500"},
        {"spent_from": "1500.00", "spent_to": "1500.00"},
        {"currency": "GHS"},
        {"first_paid_currency": "GHS"},
        {"payment_method": "card", "search": "ama"},
    ],
)
def test_each_filter_finds_whom_it_is_about_and_can_be_taken_off(console, till, asked):
    till.pay(till.add("Kofi Boateng"), 1_000, "NGN", method="mobile_money")

    page = shown(console, **asked)

    assert names(console, **asked) == ["Ama Mensah"]
    without = [link for link in links(page) if link == "/console/customers"]
    assert without, "the list without its only filter"


def test_who_subscribes_is_found(console, till, ama):
    till.add("Kofi Boateng")
    plan = {"plan_id": "gold", "amount": 4000, "currency": "GHS", "interval": "monthly"}
    asked = plan | {"customer_id": ama, "method": "momo"}
    assert till.client.post("/v1/subscriptions", json=asked).status_code == 201

    assert names(console, subscription_status="active") == ["Ama Mensah"]
    assert names(console, subscription_status="none") == ["Kofi Boateng"]


def test_an_order_is_turned_around_by_its_column(console, till):
    for name, amount in (("Ama", 100), ("Kofi", 300), ("Efua", 200)):
        till.pay(till.add(name), amount)

    most = names(console, sort_by="total_amount")
    page = shown(console, sort_by="total_amount")
    turned = next(link for link in links(page) if "sort_desc=false" in link)

    assert most == ["Kofi", "Efua", "Ama"]
    assert names(console, **dict(httpx.QueryParams(turned.partition("?")[2]))) == most[::-1]


def test_a_page_leads_to_the_next_and_back_and_says_where_it_is(console, till):
    for number in range(51):
        till.add(f"Customer {number:02}")

    first = shown(console)
    following = next(link for link in links(first) if "cursor=" in link)
    second = console.get(following).text
    back = next(link for link in links(second) if link == "/console/customers")

    assert "1 to 50 of 51" in text_of(first)
    assert "51 to 51 of 51" in text_of(second)
    assert "Customer 00" in second
    assert back


@pytest.mark.usefixtures("ama")
def test_search_as_you_type_is_answered_with_the_list_alone(console):
    part = console.get(
        "/console/customers?search=am", headers={"HX-Request": "true", "HX-Target": "customers"}
    )

    assert "Ama Mensah" in part.text
    assert "<html" not in part.text


def test_the_moment_goes_along_to_whatever_is_linked(console, client, ama):
    now = client.get(f"/v1/customers/{ama}/facts").json()["facts"][0]["recorded_at"]

    page = shown(console, known_at=now, tz="Africa/Accra")

    profile = next(link for link in links(page) if ama in link)
    assert httpx.URL(profile).params["known_at"] == now
    assert httpx.URL(profile).params["tz"] == "Africa/Accra"
    assert "New customer" not in text_of(page)


@pytest.mark.usefixtures("ama")
def test_a_spend_that_can_be_read_in_two_ways_is_asked_about(console):
    refused = console.get("/console/customers?spent_from=1.500")

    assert refused.status_code == 400
    assert "can be read as" in refused.text
    assert 'value="1.500"' in refused.text


def test_whoever_only_tried_to_pay_is_not_said_to_have_no_payment(console, client, till):
    kofi = till.add("Kofi")
    order = {"amount": 4001, "currency": "GHS", "customer_id": kofi}
    at = {"occurred_at": "2026-01-02T03:04:05Z"}
    failed = client.post("/v1/payments/intents", json=order | at).raise_for_status().json()

    shown = console.get("/console/customers").text

    assert failed["status"] == "failed"
    assert "None succeeded" in shown
    assert "No payment" not in shown


def test_the_file_has_what_the_list_shows(console, till, ama):
    till.add("Kofi Boateng")
    page = shown(console, tags="vip", spent_from="1000")

    file = console.get(next(link for link in links(page) if ".csv" in link)).text

    assert ama in file
    assert "Kofi" not in file


FORMS = (
    "/console/customers/new",
    "/console/customers/{}/edit",
    "/console/customers/{}/delete",
    "/console/links/new",
    "/console/workflows/new",
    "/console/webhooks/new",
    "/console/subscriptions/new",
    "/console/settings/templates/new",
)


def test_whoever_only_reads_is_offered_no_changes(merchant, client, ama):
    scopes = ["customers:read"]
    key = client.post("/v1/api-keys", json={"name": "support", "scopes": scopes}).json()["key"]

    with merchant.client(key) as api:
        signed_in = httpx.Client(base_url=api.base_url, headers={"Sec-Fetch-Site": "same-origin"})
        signed_in.post("/console/login", data={"api_key": key})
        page = signed_in.get("/console/customers").text
        profile = signed_in.get(f"/console/customers/{ama}").text
        forms = [signed_in.get(path.format(ama)) for path in FORMS]
        signed_in.close()

    assert "Ama Mensah" in page
    assert [each.status_code for each in forms] == [403] * len(FORMS)
    assert all("With this key you may not change" in each.text for each in forms)
    assert "New customer" not in page
    assert not {"Edit", "Record a payment", "Delete …"} & set(re.findall(r">([^<>]+)<", profile))


def test_an_empty_book_says_what_to_do_next(console):
    page = text_of(shown(console))

    assert "No customers yet" in page
    assert "New customer" in page


def test_the_ranking_is_a_file_of_the_same_people_in_the_same_order(console, till):
    for name, amount in (("Ama", 100), ("Kofi", 300), ("Efua", 200)):
        till.pay(till.add(name), amount)
    till.pay(till.add("Yaw"), 900, "NGN")
    page = console.get("/console/customers/top", params={"currency": "GHS", "period": "30d"}).text

    [href] = [link for link in links(page) if "top.csv" in link]
    file = console.get(href)

    assert file.headers["content-type"].startswith("text/csv")
    assert [row["name"] for row in csv.DictReader(io.StringIO(file.text))] == [
        "Kofi",
        "Efua",
        "Ama",
    ]
