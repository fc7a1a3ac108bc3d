"""A customer's page: every figure as /v1 says it, everything that happened, who did it and why."""

import re

import pytest
from page_text import text_of


def profile(console, customer_id, **asked):
    answer = console.get(f"/console/customers/{customer_id}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_every_figure_is_that_of_the_api_and_opens_what_it_is_made_of(console, till, ama):
    said = till.known(ama)
    page = profile(console, ama)

    for figure, shown in {
        "lifetime_value": "GHS 1,100.00",
        "total_spent": "GHS 1,500.00",
        "refund_amount": "GHS 300.00",
        "successful_payments": "2",
        "failed_payments": "0",
    }.items():
        opened = re.search(rf'<a href="([^"]*figure={figure}[^"]*)">(?:<[^>]*>)?([^<]*)', page)
        assert opened is not None, figure
        assert opened[2].replace("\xa0", " ") == shown
        plain = shown.removeprefix("GHS ").replace(",", "").replace(".", "")
        assert int(plain) == said[figure]


def test_what_lowers_the_lifetime_value_is_said_beside_it(console, ama):
    page = text_of(profile(console, ama))

    assert "GHS 300.00 refunded, GHS 100.00 lost in disputes" in page


def test_the_timeline_has_everything_with_who_did_it_and_why_and_the_fact_itself(
    console, client, ama
):
    client.patch(
        f"/v1/customers/{ama}", json={"tags": ["vip", "gold"]}, headers={"X-Actor-Id": "usr_kofi"}
    )

    page = profile(console, ama)
    facts = client.get(f"/v1/customers/{ama}/facts").json()["facts"]

    shown = text_of(page)
    assert page.count('class="entry') >= len(facts)
    for words in ("Became a customer", "Payment succeeded", "Payment refunded", "damaged"):
        assert words in shown
    assert "Payment dispute lost" in shown
    assert "Tag gold added" in shown
    assert "by usr_kofi" in shown
    assert f"1 to {len(facts)} of {len(facts)} facts, told in {len(facts) - 2} entries" in shown
    assert f'"position": {facts[0]["position"]}' in shown
    # What was before is no part of what was recorded.
    assert '"before":' not in shown


def test_shares_by_source_are_those_of_the_api(console, client, ama):
    said = client.get(f"/v1/customers/{ama}/sources").json()["by_source"]
    page = text_of(profile(console, ama))

    assert [each["amount"] for each in said] == [50_000, 100_000, 0]
    assert "API GHS 500.00 33.3%" in page
    assert "Payment links GHS 1,000.00 66.7%" in page


def test_figures_are_told_in_one_currency_and_others_are_a_press_away(console, till, ama):
    till.pay(ama, 7_000, "NGN")

    naira = text_of(profile(console, ama, currency="NGN"))

    assert "NGN 70.00" in naira
    assert "GHS" in naira, "the other currency is offered"
    assert "GHS 1,100.00" not in naira


def test_at_a_moment_of_the_past_it_is_what_it_was_and_nothing_can_be_done(console, till, client):
    kofi = till.add("Kofi Boateng")
    till.pay(kofi, 1_000)
    then = client.get(f"/v1/customers/{kofi}/facts").json()["facts"][0]["recorded_at"]
    till.pay(kofi, 5_000)

    page = profile(console, kofi, known_at=then)

    assert "GHS 10.00" in text_of(page)
    assert "GHS 60.00" not in text_of(page)
    assert 'method="post" action="/console/customers' not in page
    assert "Record a payment" not in text_of(page)


def test_a_customer_nobody_knows_is_not_there(console):
    missing = console.get("/console/customers/cus_nobody")

    assert missing.status_code == 404
    assert "cus_nobody" in missing.text


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "\u202emoc.live", "مريم العلي", "x" * 255]
)
def test_names_that_would_do_harm_are_text(console, till, name):
    somebody = till.add(name, tags=["😀" * 64], metadata={"note": "<b>" + "y" * 1_990})

    page = profile(console, somebody)

    assert "<script>alert" not in page
    assert "<b>y" not in page
    assert "😀" * 64 in page
