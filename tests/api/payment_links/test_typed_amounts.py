"""What people type into the field for an amount, and what is made of it."""

# ruff: noqa: RUF001 (digits and signs of other scripts are what this is about)

import re
from urllib.parse import urlencode

import pytest

from api.http.errors import InvalidInput
from api.payment_links.typed_amounts import AmountInDoubt, minor_units

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("50", "GHS", 5000),
        (" 12.5 ", "GHS", 1250),
        ("1500.00", "GHS", 150000),
        ("1,500.00", "GHS", 150000),
        ("1.500,00", "GHS", 150000),
        ("1,300", "GHS", 130000),
        ("1,305", "GHS", 130500),
        ("1.500.000", "XOF", 1500000),
        ("1,500,000", "XOF", 1500000),
        ("1 500", "XOF", 1500),
        ("1\N{NO-BREAK SPACE}500\N{NO-BREAK SPACE}000", "XOF", 1500000),
        ("1\N{NARROW NO-BREAK SPACE}500,50", "EUR", 150050),
        ("1'500.50", "CHF", 150050),
        ("1\N{RIGHT SINGLE QUOTATION MARK}500", "CHF", 150000),
        ("٥٠", "GHS", 5000),
        ("١٬٥٠٠٫٥٠", "EGP", 150050),
        ("１５００", "JPY", 1500),
        ("5.0", "XOF", 5),
        ("1234.500", "KWD", 1234500),
        ("0.500", "KWD", 500),
        ("12.50", "KWD", 12500),
        ("1.234,567", "KWD", 1234567),
    ],
)
def test_what_can_mean_one_thing_is_that(typed, currency, amount):
    assert minor_units(typed, currency) == amount


@pytest.mark.parametrize(
    ("typed", "currency", "readings", "either"),
    [
        ("5.000", "XOF", {5000, 5}, "5,000 XOF or as 5 XOF"),
        ("5,000", "XOF", {5000, 5}, "5,000 XOF or as 5 XOF"),
        ("1.500", "GHS", {150000, 150}, "1,500.00 GHS or as 1.50 GHS"),
        ("1.505", "GHS", {150500}, "1,505.00 GHS or as 1.505 GHS"),
        ("12,345", "KWD", {12345000, 12345}, "12,345.000 KWD or as 12.345 KWD"),
        ("٥٫٠٠٠", "XOF", {5000, 5}, "5,000 XOF or as 5 XOF"),
        ("５，０００", "XOF", {5000, 5}, "5,000 XOF or as 5 XOF"),
    ],
)
def test_what_can_mean_two_things_is_asked_about(typed, currency, readings, either):
    with pytest.raises(AmountInDoubt) as asked:
        minor_units(typed, currency)

    assert asked.value.readings.keys() == readings
    assert either in asked.value.message
    for meant in readings:
        assert minor_units(typed, currency, meant=str(meant)) == meant
    with pytest.raises(AmountInDoubt):
        minor_units(typed, currency, meant="7")


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "12,50",
            "1,50,000",
            "1 50",
            "1 2 3",
            "1.500.00",
            "1,500.000",
            "0.500",
            "0,500",
            "1'500,000",
        ),
        *("5²", "1e3", "+5", "-5", "½", "GHS 50", "1.5.0", "1,500 000", ".50", "5.", "1_000"),
    ],
)
def test_what_is_no_amount_is_never_made_one(typed):
    with pytest.raises(InvalidInput, match=r"is not an amount in GHS: write it like 1234\.50"):
        minor_units(typed, "GHS")


@on_both_databases
def test_the_page_asks_which_amount_was_meant_and_takes_the_answer(client):
    link = _link(client)
    form = {"amount": "1.500", "email": "ada@example.com"}

    asked = _send(client, link, form)
    paid = _send(client, link, form | {"meant": "150"})

    assert asked.status_code == 400
    assert "“1.500” can be read in two ways" in asked.text
    meant = re.findall(r'name="meant" value="(\d+)"><label[^>]*>([^<]+)<', asked.text)
    assert meant == [
        ("150000", "GHS\N{NO-BREAK SPACE}1,500.00"),
        ("150", "GHS\N{NO-BREAK SPACE}1.50"),
    ]
    assert paid.status_code == 303
    assert [row["amount"] for row in client.get("/v1/payments").json()] == [150]


def test_an_answer_to_another_question_counts_for_nothing(client):
    link = _link(client)

    _send(client, link, {"amount": "20", "meant": "150000", "email": "ada@example.com"})

    assert [row["amount"] for row in client.get("/v1/payments").json()] == [2000]


def test_what_the_page_suggests_itself_is_not_asked_about(client):
    link = _link(client, currency="KWD", amount=1500)

    paid = _send(client, link, {"amount": "1.500", "email": "ada@example.com"})

    assert 'value="1.500"' in client.get(f"/pay/{link}").text
    assert paid.status_code == 303
    assert [row["amount"] for row in client.get("/v1/payments").json()] == [1500]


def _link(client, **terms):
    donate = {"name": "Donate", "currency": "GHS", "allow_custom_amount": True}
    return client.post("/v1/payment-links", json=donate | terms).json()["code"]


def _send(client, code, form):
    return client.post(f"/pay/{code}", content=urlencode(form))
