"""What changed between two moments: every figure as /v1 has it at either, and the facts between."""

import asyncio
import threading
from datetime import UTC, datetime
from heapq import nsmallest

import httpx
import pytest

from ledger.ledger import Ledger
from projections import changes
from projections.engine.time_travel.reader import PastReader
from projections.read_models import DEFINITIONS

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

JANUARY, FEBRUARY, MARCH = "2026-01-10T00:00:00Z", "2026-02-10T00:00:00Z", "2026-03-10T00:00:00Z"
END_OF_FEBRUARY = "2026-03-01T00:00:00Z"
OF_A_SOURCE = ("count", "succeeded", "amount", "refunded_amount", "disputed_amount", "net_amount")


def pay(client, amount, at, customer="usr_ama", **more):
    body = {"amount": amount, "currency": "GHS", "customer_id": customer, "occurred_at": at}
    payment = client.post("/v1/payments/intents", json=body | more).raise_for_status().json()
    confirm = f"/v1/payments/{payment['id']}/confirm"
    return client.post(confirm, json={"occurred_at": at}).raise_for_status().json()


def do(client, path, **body):
    return client.post(path, json=body).raise_for_status().json()


def get(client, path, **asked):
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def now():
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


class Reported:
    """A shop whose figures were reported at a moment, and have not stayed what they were."""

    def __init__(self, client):
        self.client = client
        first = pay(client, 1000, JANUARY)
        self.ama = first["customer_id"]
        kept = pay(client, 400, FEBRUARY, customer="usr_kofi")
        self.kofi = kept["customer_id"]
        nobody = pay(client, 250, FEBRUARY, customer=None)
        self.at = now()
        pay(client, 700, FEBRUARY)
        pay(client, 90, MARCH, customer="usr_esi")
        pay(client, 5000, MARCH, currency="KES")
        client.patch(f"/v1/payments/intents/{nobody['id']}", json={"customer_id": self.ama})
        do(client, f"/v1/payments/{first['id']}/refund", amount=300, occurred_at=FEBRUARY)
        lost = f"/v1/payments/{kept['id']}/dispute"
        do(client, lost, amount=100, occurred_at=MARCH)
        do(client, f"{lost}/resolve", outcome="lost", occurred_at=MARCH)
        client.delete(f"/v1/customers/{self.kofi}").raise_for_status()


@pytest.fixture(scope="module")
def made():
    """By the address of its server: what is only read is made once."""
    return {}


@pytest.fixture
def reported(shop, made):
    address = str(shop.base_url)
    if address not in made:
        made[address] = Reported(shop)
    return made[address]


def questions(reported):
    """Between which moments, and as of which of them every figure is asked of /v1."""
    at = reported.at
    return [
        ({"since": at}, {"known_at": at}, {}),
        ({"since": FEBRUARY, "until": MARCH, "by": "as_of"}, {"as_of": FEBRUARY}, {"as_of": MARCH}),
        (
            {"since": at, "as_of": END_OF_FEBRUARY},
            {"as_of": END_OF_FEBRUARY, "known_at": at},
            {"as_of": END_OF_FEBRUARY},
        ),
    ]


@on_both_databases
def test_every_figure_is_what_is_said_at_either_moment(shop, reported):
    for asked, *moments in questions(reported):
        for currency in ("GHS", "KES"):
            told = get(shop, "/v1/changes", **asked, currency=currency)
            for side, moment in zip(("before", "after"), moments, strict=True):
                stats = get(shop, "/v1/customers/stats", **moment)
                sources = get(
                    shop,
                    "/v1/payments/stats/sources",
                    **moment,
                    group_by="source",
                    currency=currency,
                )

                assert told["customers"][side] == stats["total"]
                assert {
                    each["currency"]: each[side]
                    for each in told["totals_by_currency"]
                    if any(each[side].values())
                } == {
                    each["currency"]: {name: each[name] for name in each if name != "currency"}
                    for each in stats["totals_by_currency"]
                }
                assert {each["source"]: each[side] for each in told["by_source"]} == {
                    each["source"]: {name: each[name] for name in OF_A_SOURCE}
                    for each in sources["sources"]
                }
                assert told[side].items() >= moment.items() or moment == {}


@on_both_databases
def test_the_figures_of_one_customer_are_those_of_the_profile_at_either_moment(shop, reported):
    for asked, *moments in questions(reported)[:1]:
        told = get(shop, "/v1/changes", **asked, customer_id="usr_ama")

        assert told["customer"]["id"] == reported.ama
        assert told["customers"] is told["changed_customers"] is told["new_customers"] is None
        for side, moment in zip(("before", "after"), moments, strict=True):
            profile = get(shop, f"/v1/customers/{reported.ama}", **moment)
            for each in profile["totals_by_currency"]:
                [in_currency] = [
                    one[side]
                    for one in told["totals_by_currency"]
                    if one["currency"] == each["currency"]
                ]
                assert in_currency == {name: each[name] for name in in_currency}


@on_both_databases
def test_the_facts_between_add_up_to_every_difference(shop, reported):
    figures = ("lifetime_value", "payment_count")
    for asked, *_ in questions(reported):
        for whose in ({}, {"customer_id": reported.ama}):
            [change] = [
                each["change"]
                for each in get(shop, "/v1/changes", **asked, **whose)["totals_by_currency"]
                if each["currency"] == "GHS"
            ]
            for figure in figures:
                told = explained(shop, **asked, **whose, currency="GHS", figure=figure)

                assert told["sum"] == told["value"] == change[figure], (asked, whose, figure)


def explained(shop, **asked):
    """The last page, two facts a page."""
    told = get(shop, "/v1/changes/explain", **asked, limit=2)
    seen = len(told["facts"])
    while told["pagination"]["next_cursor"]:
        cursor = told["pagination"]["next_cursor"]
        told = get(shop, "/v1/changes/explain", **asked, limit=2, cursor=cursor)
        assert 0 < len(told["facts"]) <= 2
        seen += len(told["facts"])
    return told | {"seen": seen}


@on_both_databases
def test_a_page_is_full_however_many_facts_make_no_difference(shop, reported, monkeypatch):
    monkeypatch.setattr("projections.change_explanations._LOOKED_AT", 1)
    for asked, *_ in questions(reported):
        told = get(shop, "/v1/changes/explain", **asked, currency="GHS", limit=2)
        rest = get(shop, "/v1/changes/explain", **asked, currency="GHS")

        assert len(told["facts"]) == min(2, len(rest["facts"]))
        assert rest["sum"] == rest["value"]
        assert rest["pagination"]["next_cursor"] is None


@on_both_databases
def test_a_page_of_one_customer_reads_their_facts_and_no_more_than_it_takes(client, monkeypatch):
    at, read = now(), []
    for number in range(1, 16):
        ama = pay(client, 100 * number, JANUARY)["customer_id"]
        pay(client, number, JANUARY, customer="usr_kofi")
    asked = {"since": at, "customer_id": ama, "figure": "total_spent"}
    whole = get(client, "/v1/changes/explain", **asked, limit=200)
    read_at = Ledger.read_at

    def noted(ledger, book, positions):
        read.extend(positions)
        return read_at(ledger, book, positions)

    monkeypatch.setattr(Ledger, "read_at", noted)
    first = get(client, "/v1/changes/explain", **asked, limit=3)

    assert whole["sum"] == whole["value"] == 12_000
    assert len(whole["facts"]) == 15
    assert first["facts"] == whole["facts"][:3]
    assert len(read) <= 12


@on_both_databases
def test_who_changed_most_who_is_new_and_who_is_gone_are_named(shop, reported):
    told = get(shop, "/v1/changes", since=reported.at, currency="GHS")

    changed = told["changed_customers"]["customers"]
    assert [(each["external_id"], each["change"]["lifetime_value"]) for each in changed] == [
        ("usr_ama", 650),
        ("usr_kofi", -100),
        ("usr_esi", 90),
    ]
    assert [each["external_id"] for each in told["new_customers"]["customers"]] == ["usr_esi"]
    gone = told["gone_customers"]
    assert (gone["total"], [each["id"] for each in gone["customers"]]) == (1, [reported.kofi])
    assert told["customers"] == {"before": 2, "after": 2, "change": 0}


def test_customers_are_compared_where_nobody_else_waits_for_it(client, server, monkeypatch):
    compared_in = []

    def noted(*asked):
        compared_in.append(threading.get_ident())
        return nsmallest(*asked)

    async def where_all_are_answered():
        return threading.get_ident()

    monkeypatch.setattr(changes, "nsmallest", noted)
    pay(client, 1000, JANUARY)

    told = get(client, "/v1/changes", since=JANUARY)

    assert told["changed_customers"]["total"] == 1
    answering = asyncio.run_coroutine_threadsafe(where_all_are_answered(), server.loop)
    assert compared_in
    assert answering.result(timeout=30) not in compared_in


def test_why_is_told_fact_by_fact_in_the_order_of_the_ledger(shop, reported):
    asked = {"since": reported.at, "currency": "GHS"}

    told = get(shop, "/v1/changes/explain", **asked)

    assert [(each["topic"], each["adds"]) for each in told["facts"]] == [
        ("payment.succeeded", 700),
        ("payment.succeeded", 90),
        ("payment.refunded", -300),
        ("payment.dispute_lost", -100),
    ]
    assert told["figure"] == "lifetime_value"


def test_what_the_figures_of_a_month_became_leaves_out_what_happened_since(shop, reported):
    asked = {"since": reported.at, "as_of": END_OF_FEBRUARY, "currency": "GHS"}

    told = get(shop, "/v1/changes/explain", **asked)

    assert [each["adds"] for each in told["facts"]] == [700, -300]


def test_without_a_later_moment_it_is_the_one_that_is_asked_as_of_or_now(client):
    earlier = now()
    pay(client, 70, MARCH)
    later = now()
    pay(client, 10, MARCH)

    until_then = get(client, "/v1/changes", since=earlier, known_at=later)
    until_now = get(client, "/v1/changes", since=earlier)

    assert until_then == get(client, "/v1/changes", since=earlier, until=later)
    assert until_now["after"] == {"as_of": None, "known_at": None}
    spent = [
        each["totals_by_currency"][0]["after"]["total_spent"] for each in (until_then, until_now)
    ]
    assert spent[1] - spent[0] == 10


@pytest.mark.parametrize("path", ["/v1/changes", "/v1/changes/explain"])
def test_moments_the_wrong_way_round_are_refused(client, path):
    refused = client.get(path, params={"since": MARCH, "until": FEBRUARY})
    unsaid = client.get(path)

    assert (refused.status_code, refused.json()["details"]["field"]) == (400, "since")
    assert unsaid.json()["code"] == "missing_required_field"


def test_whoever_may_not_read_customers_is_told_of_no_change(client, merchant):
    made = do(client, "/v1/api-keys", name="payments", scopes=["payments:read"])

    with merchant.client(made["key"]) as payments_only:
        refused = payments_only.get("/v1/changes", params={"since": JANUARY})

    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")


def test_nothing_is_said_of_a_customer_whom_nobody_knows(client):
    told = get(client, "/v1/changes", since=JANUARY, customer_id="cus_nobody")

    assert told["customer"] is None
    assert told["totals_by_currency"] == []
    assert {each["source"] for each in told["by_source"]} == {"api", "payment_link", "subscription"}


def test_a_book_that_is_too_large_for_its_past_is_refused(new_server):
    server = new_server()
    with PastReader(server.ledger, DEFINITIONS, most_facts=0, most_bytes=1) as past:
        small = new_server(past=past)
        headers = {"X-Reevit-Key": small.found("Ama's shop").keys["test"]}
        with httpx.Client(base_url=small.url, headers=headers) as client:
            pay(client, 1000, JANUARY)
            refused = client.get("/v1/changes", params={"since": now()})

    assert (refused.status_code, refused.json()["code"]) == (400, "book_too_large")
