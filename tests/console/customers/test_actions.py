"""What is done from a customer's page: commands of /v1, once however often pressed."""

import html
import re
from datetime import UTC, datetime

import pytest
from page_text import text_of


def hidden(page, name):
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', page)[1])


def sent(console, path, **fields):
    """A form as it is shown, filled in and sent."""
    page = console.get(path)
    assert page.status_code == 200, page.text
    return console.post(path, data={"once": hidden(page.text, "once")} | fields)


def test_a_new_customer_is_added_and_shown(console, till):
    made = sent(
        console, "/console/customers/new", name="Efua", email="efua@example.com", tags="vip, new"
    )

    assert made.status_code == 303
    page = console.get(made.headers["location"]).text
    assert "Efua" in page
    assert "The customer is here now." in text_of(page)
    known = till.known(made.headers["location"].rpartition("/")[2])
    assert (known["email"], known["tags"]) == ("efua@example.com", ["vip", "new"])


def test_a_form_that_is_sent_twice_is_carried_out_once(console, client):
    once = hidden(console.get("/console/customers/new").text, "once")

    first, second = (
        console.post("/console/customers/new", data={"once": once, "name": "Efua"})
        for _ in range(2)
    )

    assert first.headers["location"] == second.headers["location"]
    assert client.get("/v1/customers").json()["pagination"]["total"] == 1


def test_what_is_wrong_stands_beside_its_field_and_what_was_said_stays(console):
    refused = sent(console, "/console/customers/new", name="Efua", email="efua@")

    assert refused.status_code == 400
    assert 'aria-invalid="true"' in refused.text
    assert 'id="f-email-error"' in refused.text
    assert 'value="efua@"' in refused.text


def test_an_external_id_that_another_has_is_refused_beside_its_field(console, till, ama):
    till.add("Kofi", external_id="usr_1")

    refused = sent(console, f"/console/customers/{ama}/edit", name="Ama", external_id="usr_1")

    assert refused.status_code == 409
    assert 'id="f-external_id-error"' in refused.text


def test_what_is_known_of_a_customer_is_changed_and_cleared(console, till, ama):
    path = f"/console/customers/{ama}/edit"

    changed = sent(console, path, name="Ama Serwaa", email="", tags="gold")

    assert changed.headers["location"] == f"/console/customers/{ama}"
    known = till.known(ama)
    assert (known["name"], known["email"], known["tags"]) == ("Ama Serwaa", None, ["gold"])


def test_a_tag_is_put_on_and_taken_off(console, till, ama):
    console.post(f"/console/customers/{ama}/tag", data={"tag": "gold"})
    assert till.known(ama)["tags"] == ["vip", "gold"]

    console.post(f"/console/customers/{ama}/untag", data={"tag": "vip"})

    assert till.known(ama)["tags"] == ["gold"]


def test_consent_is_taken_back_and_given_again(console, client, ama):
    path = f"/console/customers/{ama}/consent"

    console.post(path, data={"channel": "email", "given": "false"})
    page = text_of(console.get(f"/console/customers/{ama}").text)
    console.post(path, data={"channel": "email", "given": "true"})

    assert "No: asked" in page
    assert "Wants no more messages by email" in page
    (said,) = client.get(f"/v1/customers/{ama}/consents").json()["consents"]
    assert said["given"] is True


def test_a_payment_made_elsewhere_is_recorded(console, client, till, ama):
    recorded = sent(
        console,
        f"/console/customers/{ama}/payment",
        currency="ghs",
        amount="1,250.50",
        method="bank_transfer",
        paid_at="2026-01-02T03:04",
        description="Hamper",
        provider_ref_id="slip 7",
    )

    assert recorded.status_code == 303, recorded.text
    assert till.known(ama)["total_spent"] == 150_000 + 125_050
    paid = client.get(f"/v1/customers/{ama}/payments").json()["payments"]
    (hamper,) = [each for each in paid if each["description"] == "Hamper"]
    assert (hamper["status"], hamper["amount"], hamper["method"]) == (
        "succeeded",
        125_050,
        "bank_transfer",
    )
    assert hamper["created_at"] == "2026-01-02T03:04:00Z"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"currency": "GHS", "amount": ""}, "amount"),
        ({"currency": "GHS", "amount": "a lot"}, "amount"),
        ({"currency": "cedi", "amount": "1"}, "currency"),
        ({"currency": "GHS", "amount": "1", "paid_at": "2999-01-01T00:00"}, "paid_at"),
        ({"currency": "GHS", "amount": "1", "paid_at": "yesterday"}, "paid_at"),
    ],
)
def test_a_payment_that_cannot_be_recorded_says_why_beside_the_field(
    console, client, ama, fields, wrong
):
    refused = sent(console, f"/console/customers/{ama}/payment", **fields)

    assert 400 <= refused.status_code < 500
    assert f'id="f-{wrong}-error"' in refused.text
    assert len(client.get(f"/v1/customers/{ama}/payments").json()["payments"]) == 2


def test_an_amount_that_can_be_read_in_two_ways_is_asked_about(console, till, ama):
    path = f"/console/customers/{ama}/payment"
    asked = sent(console, path, currency="GHS", amount="1.500")
    assert asked.status_code == 400
    assert "Which is meant?" in asked.text

    meant = {"currency": "GHS", "amount": "1.500", "meant": "150000"}
    recorded = console.post(path, data={"once": hidden(asked.text, "once"), **meant})

    assert recorded.status_code == 303
    assert till.known(ama)["total_spent"] == 300_000


def test_a_link_is_made_for_the_customer(console, client, ama):
    made = sent(
        console,
        f"/console/customers/{ama}/link",
        name="Hamper",
        currency="GHS",
        amount="20.00",
        once_only="true",
    )

    assert made.status_code == 303
    link_id = made.headers["location"].rpartition("/")[2]
    link = client.get(f"/v1/payment-links/{link_id}").json()
    assert (link["amount"], link["max_uses"], link["customer_id"]) == (2000, 1, ama)


def test_a_customer_is_deleted_once_their_id_is_typed(console, client, ama):
    path = f"/console/customers/{ama}/delete"

    mistyped = sent(console, path, typed="Ama")
    still_there = client.get(f"/v1/customers/{ama}").status_code
    deleted = sent(console, path, typed=ama)

    assert mistyped.status_code == 422
    assert 'id="f-typed-error"' in mistyped.text
    assert still_there == 200
    assert deleted.headers["location"] == "/console/customers"
    assert client.get(f"/v1/customers/{ama}").status_code == 404


def test_the_best_customers_are_ranked_in_one_currency_and_each_place_is_explained(
    console, client, till, ama
):
    kofi = till.add("Kofi Boateng")
    till.pay(kofi, 200_000)
    till.pay(till.add("Ngozi"), 1, "NGN")

    page = console.get("/console/customers/top", params={"currency": "GHS"}).text
    said = client.get("/v1/customers/top", params={"currency": "GHS"}).json()["customers"]

    assert [each["id"] for each in said] == [kofi, ama]
    shown = text_of(page)
    assert shown.index("1. Kofi Boateng") < shown.index("2. Ama Mensah")
    assert "Ngozi" not in shown
    press = next(
        html.unescape(each) for each in re.findall(r'href="([^"]*top/explain[^"]*)"', page)
    )
    explained = text_of(console.get(press).text)
    assert "They add up to GHS 2,000.00" in explained


def test_the_currency_of_a_ranking_stands_in_what_a_filter_renews(console, till, ama):  # noqa: ARG001
    till.pay(till.add("Wanjiru"), 1, "KES")

    page = console.get("/console/customers/top", params={"currency": "KES"}).text

    assert "In KES" in page[page.index('id="top"') :]


def test_the_best_customers_of_this_year_are_those_who_paid_in_it(console, till, ama):  # noqa: ARG001
    last_year = {"occurred_at": f"{datetime.now(UTC).year - 1}-06-01T00:00:00Z"}
    till.pay(till.add("Kofi Boateng"), 900_000, **last_year)

    page = console.get("/console/customers/top?period=year&currency=GHS").text

    assert "1. Ama Mensah" in text_of(page)
    assert "Kofi Boateng" not in text_of(page)
    press = html.unescape(re.search(r'href="([^"]*top/explain[^"]*)"', page)[1])
    assert "They add up to GHS 1,500.00" in text_of(console.get(press).text)
