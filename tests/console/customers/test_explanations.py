"""Explanations: one press says why a figure is what it is."""

import html
import re

from page_text import text_of


def explained(console, customer_id, **asked):
    answer = console.get(f"/console/customers/{customer_id}/explain", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_why_the_lifetime_value_is_lower_than_what_was_paid_takes_one_press(console, ama):
    page = console.get(f"/console/customers/{ama}").text
    press = html.unescape(re.search(r'href="([^"]*figure=lifetime_value)"', page)[1])

    said = text_of(console.get(press).text).replace("\N{MINUS SIGN}", "-")

    assert "Total spent GHS 1,500.00" in said
    assert "Refunded -GHS 300.00" in said
    assert "Lost in disputes -GHS 100.00" in said
    assert "Lifetime value GHS 1,100.00" in said
    assert re.search(r"What lowered it .* Payment refunded pay_\w+ .* damaged -300\.00 GHS", said)
    assert re.search(r"Payment dispute lost pay_\w+ .* -100\.00 GHS", said)
    assert "They add up to GHS 1,100.00" in said


def test_the_latest_that_lowered_it_come_first_with_how_many_there_are_and_what_they_come_to(
    console, till
):
    kofi = till.add("Kofi Boateng")
    payment = till.pay(kofi, 5000)
    for place in range(12):
        till.refund(payment, 100, f"number {place}")

    page = explained(console, kofi, figure="lifetime_value")

    said = text_of(page).replace("\N{MINUS SIGN}", "-")
    assert "10 of 12, in all -GHS 12.00" in said
    assert f"/console/payments/refunds?customer_id={kofi}&amp;currency=GHS" in page
    lowered = page[page.index("What lowered it") : page.index("All that lowered it")]
    reasons = re.findall(r"number (\d+)", lowered)
    assert [*dict.fromkeys(reasons)] == [f"{place}" for place in range(11, 1, -1)]


def test_a_count_is_explained_fact_by_fact(console, client, ama):
    said = text_of(explained(console, ama, figure="successful_payments"))
    asked = {"figure": "successful_payments"}
    facts = client.get(f"/v1/customers/{ama}/explain", params=asked).json()

    assert said.count("Payment succeeded") == len(facts["facts"]) == 2
    assert "They add up to 2" in said


def test_a_long_explanation_goes_on_and_says_how_far_it_is(console, till):
    kofi = till.add("Kofi Boateng")
    for _ in range(51):
        till.pay(kofi, 100)

    first = explained(console, kofi, figure="total_spent")
    following = html.unescape(re.search(r'href="([^"]*cursor=[^"]*)"', first)[1])
    second = text_of(console.get(following).text)

    assert "GHS 50.00 so far, of GHS 51.00" in text_of(first)
    assert "They add up to GHS 51.00" in second


def test_a_figure_of_which_nothing_happened_says_so(console, till):
    kofi = till.add("Kofi Boateng")

    said = text_of(explained(console, kofi, figure="lifetime_value"))

    assert "Nothing was refunded, and nothing was lost in a dispute." in said
    assert "Nothing adds up to it" in said


def test_a_figure_nobody_explains_is_refused_in_words(console, ama):
    refused = console.get(f"/console/customers/{ama}/explain?figure=happiness")

    assert refused.status_code == 400
    assert "figure" in text_of(refused.text).lower()
