"""The overview: every figure on it is the API's."""

import html
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from console_browser import signed_in
from console_people import add_person, signed_in_as

from console.overview import charts
from console.writing import Writer
from delivery.looks.readers import reader_of

NOW = datetime.now(UTC)
MONTH = {"period": "month"}
write = Writer(reader=reader_of(None), now=NOW)


@pytest.fixture
def overview(console):
    """What the page says, as text without its marks."""

    def overview(**query):
        return text_of(shown(console, **query))

    return overview


@pytest.fixture
def pay(client):
    def pay(days_ago=0, **more):
        at = (NOW - timedelta(days=days_ago)).isoformat()
        asked = {"amount": 4000, "currency": "GHS", "occurred_at": at} | more
        return client.post("/v1/payments/intents", json=asked).raise_for_status().json()

    return pay


@pytest.fixture
def shop(client, pay):
    """Ama came by a link and came back; somebody failed; a dollar came from nobody known."""
    client.post("/v1/customers", json={"external_id": "ama", "name": "Ama"}).raise_for_status()
    link = {"source": "payment_link", "source_id": "pl_1", "source_description": "Summer Sale"}
    pay(40)
    pay(10, customer_id="ama", **link)
    pay(3, customer_id="ama")
    pay(2, amount=4001)
    pay(1, currency="USD")


def shown(browser, **query):
    answer = browser.get("/console", params=query)
    assert answer.status_code == 200, answer.text
    return answer.text


def text_of(page):
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).replace("\xa0", " ").split())


def said(figure):
    return figure.replace("\xa0", " ")


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("preset", ["today", "7d", "30d", "90d", "12m"])
def test_every_figure_is_the_api_s(client, overview, preset):
    days = {"today": 1, "7d": 7, "30d": 30, "90d": 90, "12m": 330}[preset]
    first = NOW.date() - timedelta(days=days - 1)
    asked = {"from": first.isoformat()}
    if preset == "12m":
        asked = {"from": f"{NOW.year - 1 + NOW.month // 12}-{NOW.month % 12 + 1:02}-01"}
    stats = client.get("/v1/payments/stats", params=asked).json()
    payers = client.get("/v1/customers/stats/series", params=asked).json()["buckets"]

    told = overview(preset=preset)

    assert said(write.money(stats["totals"]["amount"], "GHS")) in told
    assert said(write.money(stats["totals"]["net_amount"], "GHS")) in told
    assert write.share(stats["success_rate"]) in told
    new = sum(each["new_customers"] for each in payers)
    back = sum(each["returning_payments"] for each in payers)
    assert f"{new} customers paid for the first time, {back} payments" in told


@pytest.mark.usefixtures("shop")
def test_returning_payments_lead_to_exactly_these(client, console, overview):
    link = re.search(r'href="(/console/payments[^"]*payer=returning[^"]*)"', shown(console))

    listed = console.get(html.unescape(link[1])).text

    first = (NOW.date() - timedelta(days=29)).isoformat()
    payers = client.get("/v1/customers/stats/series", params={"from": first}).json()["buckets"]
    back = sum(each["returning_payments"] for each in payers)
    assert f"{back} payments came from those who had paid before" in overview()
    assert back == len(set(re.findall(r"/console/payments/(pay_\w+)", listed))) == 1


@pytest.mark.usefixtures("shop")
def test_revenue_is_told_by_source_in_a_table_and_compared_with_the_time_before(client, console):
    first = (NOW.date() - timedelta(days=29)).isoformat()
    series = client.get(
        "/v1/payments/stats/series", params={"from": first, "group_by": "source"}
    ).json()["buckets"]

    page = shown(console)

    table = page[page.index("Revenue by source") : page.index("</table>")]
    told = [int(each) for each in re.findall(r'data-value="(-?\d+)"', table)]
    expected = [
        figure
        for bucket in series
        for figure in (
            *(each["amount"] for each in bucket["by_source"]),
            bucket["totals"]["amount"],
        )
    ]
    assert told == expected
    assert sum(told[3::4]) == 8000
    # There was one payment forty days ago.
    assert "+100%" in text_of(page)
    assert "GHS 40.00 before" in text_of(page)


@pytest.mark.usefixtures("shop")
def test_each_currency_is_told_by_itself(overview, console):
    assert 'href="/console?currency=USD"' in shown(console)

    told = overview(currency="USD")

    assert "USD 40.00" in told
    assert "GHS 80.00" not in told
    assert "1 from payers who are not customers" in told


def test_where_nobody_tried_to_pay_no_attempt_is_said_to_fail(overview, pay):
    pay(40)

    told = overview(preset="today")

    assert "Nobody tried to pay in this time." in told
    assert re.search("Success rate .* — New customers", told)


@pytest.mark.usefixtures("shop")
def test_why_payments_fail_is_what_was_said(overview):
    assert "the card was declined 1 100%" in overview()


@pytest.mark.usefixtures("shop")
def test_the_best_customers_and_links_come_after_the_page_or_when_asked_for(console, overview):
    page = shown(console)
    whole = overview(show="rankings")
    headers = {"HX-Request": "true", "HX-Target": "rankings"}
    part = console.get("/console?currency=GHS", headers=headers).text

    assert "Summer Sale" not in page
    assert 'id="rankings" hx-get="/console?currency=GHS&amp;show=rankings"' in page
    assert "Ama" in whole
    assert "Summer Sale" in whole
    assert "<html" not in part
    assert "80.00" in part
    assert "Summer Sale" in part


def test_what_waits_for_somebody_is_told_first_and_leads_there(client, console, pay):
    assert "Waits for you" not in shown(console)
    client.post("/v1/customers", json={"external_id": "ama", "name": "Ama"}).raise_for_status()
    payment = pay(customer_id="ama")
    client.post(f"/v1/payments/{payment['id']}/dispute", json={}).raise_for_status()

    page = shown(console)

    assert "1 open dispute Ama · since" in text_of(page)
    assert 'href="/console/payments/disputes?status=open"' in page
    assert payment["id"] in console.get("/console/payments/disputes?status=open").text


def test_the_success_rate_leads_to_all_attempts_it_is_made_of(console, pay):
    paid, failed = pay(), pay(amount=4001)

    told = shown(console).partition("Success rate")[2]
    attempts = re.findall(r'<span class="value"><a href="([^"]*)"', told)[0]
    listed = console.get(html.unescape(attempts)).text

    assert {paid["status"], failed["status"]} == {"succeeded", "failed"}
    assert paid["id"] in listed
    assert failed["id"] in listed


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("preset", ["7d", "30d"])
def test_new_customers_lead_to_exactly_these(client, console, preset):
    client.post("/v1/customers", json={"name": "Kofi"}).raise_for_status()
    page = shown(console, preset=preset).partition("New customers")[2]

    href, figure = re.findall(r'<span class="value"><a href="([^"]*)"[^>]*>([^<]*)', page)[0]
    listed = text_of(console.get(html.unescape(href)).text)

    assert "First paid from: 20" not in listed
    assert f"First paid before: {write.day(NOW + timedelta(days=1))}" in listed
    assert figure == {"7d": "0", "30d": "1"}[preset]
    assert "Kofi" not in listed
    assert ("1 to 1 of 1" in listed) == (figure == "1")
    assert ("Nobody found" in listed) == (figure == "0")


@pytest.mark.usefixtures("shop")
def test_each_source_has_its_total_beside_what_it_brought_before(client, console):
    first, before = ((NOW.date() - timedelta(days=days)).isoformat() for days in (29, 59))
    asked = {"group_by": "source", "granularity": "all"}
    now = client.get("/v1/payments/stats/series", params=asked | {"from": first}).json()
    earlier = client.get(
        "/v1/payments/stats/series", params=asked | {"from": before, "to": first}
    ).json()

    page = shown(console)

    told = text_of(page)
    for brought, had in zip(
        now["buckets"][0]["by_source"], earlier["buckets"][0]["by_source"], strict=True
    ):
        assert said(write.money(brought["amount"], "GHS")) in told
        assert f"{said(write.money(had['amount'], 'GHS'))} before" in told
    assert "source=payment_link" in html.unescape(page)


@pytest.mark.usefixtures("shop")
def test_other_dates_end_with_the_last_day_that_was_chosen(console):
    led = console.get("/console", params={"from": "2026-10-01", "until": "2026-10-31"})
    told = text_of(console.get(led.headers["location"]).text)

    assert "to=2026-11-01" in led.headers["location"]
    assert "1 October 2026 to 31 October 2026" in told
    assert "Compared with 1 September 2026 to 30 September 2026." in told


def test_a_new_book_says_how_to_begin(console, overview):
    told = overview()

    assert "Nothing has been paid yet" in told
    assert "curl" in told
    assert "/v1/payments/intents" in told
    assert "Revenue" not in told
    assert "/console/links/new" in shown(console)


def test_a_new_book_offers_support_no_link_to_make(merchant):
    add_person(merchant, "efua@shop.example", "support")
    with signed_in_as(merchant, "efua@shop.example") as support:
        said = text_of(shown(support))

    assert "Nothing has been paid yet" in said
    for words in ("Two ways", "Make a", "Record a payment"):
        assert words not in said


@pytest.mark.parametrize(
    ("past", "said"),
    [("known_at", "Nothing was known of any payment by then"), ("as_of", "had been paid by then")],
)
@pytest.mark.usefixtures("shop")
def test_a_past_without_payments_says_so_and_not_how_to_begin(overview, past, said):
    told = overview(**{past: "2020-02-29"})

    assert said in told
    assert "Nothing has been paid yet" not in told
    assert "curl" not in told


def test_a_figure_leads_to_the_payments_it_is_made_of(client, console, pay):
    pay()

    page = shown(console)

    [paid] = re.findall(r'href="(/console/payments\?[^"]*)">GHS', page)[:1]
    query = httpx.URL(html.unescape(paid)).params
    listed = client.get("/v1/payments", params=query).json()
    assert sum(each["amount"] for each in listed) == 4000


def test_net_revenue_leads_to_the_facts_that_add_up_to_it(client, console, pay):
    payment = pay(2)["id"]
    client.post(f"/v1/payments/{payment}/refund", json={"amount": 1500}).raise_for_status()

    [net] = re.findall(r'href="(/console/payments/explain[^"]*)"', shown(console, preset="7d"))

    told = text_of(console.get(html.unescape(net)).text)
    assert "Net revenue" in told
    assert "They add up to GHS 25.00" in told
    assert said(f"{write.figure(4000, 'GHS')} GHS") in told
    assert "15.00 GHS" in told


@pytest.mark.usefixtures("shop")
def test_the_past_is_told_as_it_was(overview):
    then = (NOW - timedelta(days=5)).date().isoformat()

    told = overview(as_of=then)

    assert "GHS 40.00 from 1 payment." in told
    assert "the card was declined" not in told


def test_dates_that_nobody_can_read_are_refused_in_words_and_not_carried_on(console):
    answer = console.get("/console?from=2026-11-05&to=2026-11-01")

    assert answer.status_code == 400
    assert "must come after the first day" in answer.text
    assert 'href="/console"' in answer.text


def test_what_things_are_called_is_text(console, pay):
    pay(source="payment_link", source_id="pl_1", source_description="<script>alert(1)</script>")

    assert "<script>alert" not in shown(console, show="rankings")


@pytest.mark.usefixtures("shop")
def test_a_key_is_shown_what_it_may_read(merchant, client):
    blind = text_of(seen_with(client, merchant, "payments:read"))
    nothing = text_of(seen_with(client, merchant, "customers:read"))

    assert "GHS 80.00" in blind
    assert "Ama" not in blind
    assert "New customers" not in blind
    assert "No figures for this key" in nothing


def seen_with(client, merchant, *scopes):
    raw = client.post("/v1/api-keys", json={"name": "a key", "scopes": scopes}).json()["raw"]
    with signed_in(merchant.server.url, raw) as browser:
        return shown(browser, show="rankings")


@pytest.mark.parametrize(
    ("at", "are_over"),
    [
        ("2026-11-02T23:59:59+00:00", 1),
        ("2026-11-03T00:00:00+00:00", 2),
        ("2026-12-01T00:00:00+00:00", 3),
        ("2026-10-01T00:00:00+00:00", 0),
    ],
)
def test_the_line_beside_a_figure_ends_with_the_last_bucket_that_is_over(at, are_over):
    series = {
        "buckets": [
            {"start": f"2026-11-0{day}T00:00:00+00:00", "totals": {"amount": day}}
            for day in (1, 2, 3)
        ]
    }
    end = datetime(2026, 11, 4, tzinfo=UTC)

    first = charts.over(series, end, datetime.fromisoformat(at))

    assert first == are_over
    assert charts.column(series, "amount", first=first) == [1, 2, 3][:are_over]


@pytest.mark.usefixtures("shop")
def test_what_was_before_says_by_how_much_it_is_more_now(overview):
    assert "GHS 40.00 before: +40.00" in overview()


@pytest.mark.usefixtures("shop")
def test_a_table_of_a_chart_ends_with_what_it_is_in_all(console):
    totals = re.findall(r"<tfoot><tr>(.*?)</tr></tfoot>", shown(console), re.DOTALL)

    assert len(totals) == 3
    assert "GHS 80.00" in said(html.unescape(totals[0]))
    assert all("In all" in each for each in totals)


@pytest.mark.usefixtures("shop")
def test_a_colour_means_one_thing(console):
    legends = re.findall(r'<li class="series(\d)">([^<]*)</li>', shown(console))

    assert len(legends) == 8
    assert len(dict(legends)) == len(legends)
