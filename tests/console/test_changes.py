"""What changed between two moments, as pages show it: the figures of /v1, and the facts why."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape

import httpx
import pytest
from api_server import DEFINITIONS, Merchant
from console_browser import signed_in
from money_console import made, paid
from page_text import text_of

from projections.engine.time_travel.reader import PastReader


@dataclass
class Shop:
    """What was reported at a moment has not stayed so."""

    client: httpx.Client
    console: httpx.Client
    ama: str
    at: str

    def changes(self, **asked):
        return self.client.get("/v1/changes", params=asked).raise_for_status().json()

    def page(self, path, **asked):
        shown = self.console.get(path, params=asked)
        assert shown.status_code == 200, shown.text
        return shown.text


@pytest.fixture(scope="module")
def shop(server_on_sqlite):
    merchant = Merchant(server_on_sqlite, server_on_sqlite.found("Ama's shop"))
    key = merchant.founded.keys["test"]
    with merchant.client() as client, signed_in(server_on_sqlite.url, key) as console:
        ama = made(client, "/v1/customers", name="Ama Mensah")["id"]
        early = {"occurred_at": "2026-01-10T00:00:00Z"}
        first = paid(client, 150_000, customer_id=ama, **early)
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        paid(client, 20_000, customer_id=made(client, "/v1/customers", name="Kofi")["id"])
        made(client, f"/v1/payments/{first}/refund", amount=50_000, reason="damaged")
        yield Shop(client, console, ama, at)


def test_every_figure_is_the_one_that_is_said_at_either_moment(shop):
    told = shop.changes(since=shop.at)

    text = text_of(shop.page("/console/changes", since=shop.at))

    [totals] = told["totals_by_currency"]
    for side in ("before", "after"):
        for figure in ("total_spent", "refund_amount", "lifetime_value"):
            assert f"GHS {totals[side][figure] / 100:,.2f}" in text, figure
    assert "Kept" in text
    assert "+1 was 1, is 2" in text
    assert "\N{MINUS SIGN}GHS 300.00" in text


def test_a_figure_leads_to_the_facts_that_changed_it(shop):
    page = shop.page("/console/changes", since=shop.at)
    [place] = {
        unescape(each) for each in re.findall(r'href="([^"]*figure=refund_amount[^"]*)"', page)
    }

    why = text_of(shop.console.get(place).text)

    assert "Why: Refunded" in why
    assert "Payment refunded" in why
    assert "damaged" in why
    assert "They add up to + GHS 500.00" in why


def test_who_changed_most_and_who_is_new_are_named_and_lead_on(shop):
    page = shop.page("/console/changes", since=shop.at)

    assert f"customer_id={shop.ama}" in page
    assert "New: 1" in text_of(page)
    theirs = text_of(shop.page("/console/changes", since=shop.at, customer_id=shop.ama))
    assert "Ama Mensah" in theirs
    assert "Lifetime value" in theirs
    assert "New: 1" not in theirs


def test_a_report_is_held_against_what_is_known_of_it_now(shop):
    asked = {"since": shop.at, "as_of": "2026-02-01"}

    text = text_of(shop.page("/console/changes", **asked))

    assert "the end of 31 January 2026 (midnight, UTC), as it was known at" in text
    assert "Nothing changed it" in text
    assert shop.changes(**asked)["totals_by_currency"][0]["change"]["total_spent"] == 0


@pytest.mark.parametrize(
    ("moment", "since"),
    [
        ({"as_of": "2026-02-01"}, "since=2026-02-01&by=as_of"),
        ({"known_at": "2026-02-01"}, "since=2026-02-01"),
        ({"as_of": "2026-02-01", "known_at": "2026-02-02"}, "as_of=2026-02-01&since=2026-02-02"),
    ],
)
def test_every_page_of_the_past_leads_to_what_changed_since(shop, moment, since):
    page = unescape(shop.page("/console/payments", **moment))

    found = re.findall(r'href="/console/changes\?([^"]*)">What changed since</a>', page)
    assert [{*each.split("&")} for each in found] == [{*since.split("&")}]


def test_the_page_of_a_customer_in_the_past_leads_to_what_changed_of_them(shop):
    page = unescape(shop.page(f"/console/customers/{shop.ama}", known_at=shop.at))

    [theirs] = re.findall(r'href="(/console/changes\?customer_id[^"]*)"', page)
    assert httpx.URL(theirs).params["since"] == shop.at


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "yesterday"}, "Not a moment that comes before the later one."),
        ({"since": "2026-03-01", "until": "2026-02-01"}, "Not a moment that comes before"),
        ({"since": "2026-03-01", "until": "soon"}, "Not a moment."),
    ],
)
def test_a_moment_that_cannot_be_read_is_said_beside_its_field(shop, asked, said):
    refused = shop.console.get("/console/changes", params=asked)

    assert refused.status_code == 400
    assert said in text_of(refused.text)


def test_a_book_that_is_too_large_for_its_past_says_so(new_server):
    server = new_server()
    key = server.found("Ama's shop").keys["test"]

    with (
        PastReader(server.ledger, DEFINITIONS, most_facts=0, most_bytes=2**20) as past,
        signed_in(new_server(past=past).url, key) as console,
    ):
        refused = console.get("/console/changes?by=as_of")

    assert refused.status_code == 400
    assert "This book is too large for its past" in refused.text


def test_whoever_may_not_read_customers_is_not_led_there(shop):
    key = made(shop.client, "/v1/api-keys", name="payments", scopes=["payments:read"])["key"]

    with signed_in(str(shop.console.base_url), key) as console:
        past = console.get("/console/payments?as_of=2026-02-01").text

    assert "Back to now" in past
    assert "What changed since" not in past
