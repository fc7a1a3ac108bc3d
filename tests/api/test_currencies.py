"""Currencies come and go: what was money then is recorded, and what is recorded is shown."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.payment import Payment
from ledger.append import Append, NewFact
from ledger.facts import FactMapper

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

PAST = "2022-06-01T12:00:00Z"


@on_both_databases
def test_what_was_money_then_is_recorded_and_given_back_today(client):
    payment = _pay(client, "HRK", occurred_at=PAST)

    refund = client.post(f"/v1/payments/{payment.json()['id']}/refund", json={"amount": 301})
    too_much = client.post(f"/v1/payments/{payment.json()['id']}/refund", json={"amount": 4000})
    listed = client.get("/v1/payments", params={"currency": "hrk"}).json()

    assert (payment.status_code, payment.json()["status"]) == (201, "succeeded")
    assert refund.status_code == 201
    assert "36.99 HRK left" in too_much.json()["message"]
    assert [row["currency"] for row in listed] == ["HRK"]


@pytest.mark.parametrize("occurred_at", [None, "2023-02-01T00:00:00Z"])
def test_what_was_withdrawn_is_no_money_any_more(client, occurred_at):
    answer = _pay(client, "HRK", occurred_at=occurred_at)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_currency")
    assert "was money until 2023-01" in answer.json()["message"]


def test_nobody_is_asked_for_what_was_withdrawn(client):
    customer = client.post("/v1/customers", json={}).json()["id"]
    link = {"name": "Donate", "amount": 4000}
    plan = {"plan_id": "pro", "amount": 4000, "method": "card", "interval": "monthly"}
    made = client.post("/v1/payment-links", json=link | {"currency": "GHS"}).json()

    answers = [
        client.post("/v1/payment-links", json=link | {"currency": "BGN"}),
        client.patch(f"/v1/payment-links/{made['id']}", json={"currency": "BGN"}),
        client.post("/v1/subscriptions", json=plan | {"currency": "BGN", "customer_id": customer}),
        client.post("/v1/checkout/sessions", json={"amount": 4000, "currency": "BGN"}),
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(400, "invalid_currency")] * 4


@on_both_databases
def test_no_answer_fails_because_no_list_has_a_code(client, merchant):
    customer = client.post("/v1/customers", json={"external_id": "usr_1"}).json()["id"]
    pay_old = merchant.server.parts.handler.ids.new("pay")
    payment = Payment.create(
        pay_old, amount=4000, currency="GHS", customer_id=customer, now=datetime.now(UTC)
    )
    payment.collect(datetime.now(UTC))
    _record(merchant, payment, instead_of="GHS", currency="QQQ")

    answers = {
        path: client.get(path)
        for path in (
            "/v1/payments",
            f"/v1/payments/{pay_old}",
            "/v1/payments/export?format=csv",
            "/v1/payments/stats",
            "/v1/payments/stats/sources",
            "/v1/payments/stats/sources/explain?figure=amount&source=api",
            "/v1/customers/stats",
            "/v1/customers",
            "/v1/customers/top",
            f"/v1/customers/top/explain?customer_id={customer}",
            f"/v1/customers/{customer}",
            f"/v1/customers/{customer}/state",
            f"/v1/customers/{customer}/history",
            f"/v1/customers/{customer}/sources",
            f"/v1/customers/{customer}/explain?figure=lifetime_value",
        )
    }
    too_much = client.post(f"/v1/payments/{pay_old}/refund", json={"amount": 4001})

    assert {path: a.status_code for path, a in answers.items()} == dict.fromkeys(answers, 200)
    assert answers[f"/v1/customers/{customer}"].json()["total_spent"] == 4000
    assert "4,000 minor units of QQQ left" in too_much.json()["message"]


@pytest.mark.parametrize("currency", ["QQQ", "BGN"])
def test_the_page_of_a_link_in_what_is_no_money_is_shown_and_takes_none(client, merchant, currency):
    terms = {"name": "Donate", "currency": "GHS", "allow_custom_amount": True, "min_amount": 100}
    link = client.post("/v1/payment-links", json=terms).json()
    client.patch(f"/v1/payment-links/{link['id']}", json={"name": "Give"})
    _say_again(merchant, link["id"], currency)

    form = "amount=50&email=ada%40example.com"
    sent = [client.post(f"/pay/{link['code']}", content=form) for _ in range(2)]
    page = client.get(f"/pay/{link['code']}")

    assert [answer.status_code for answer in sent] == [400, 400]
    assert page.status_code == 200
    assert f"Amount in {currency}" in page.text
    assert client.get("/v1/payments").json() == []


@on_both_databases
@pytest.mark.parametrize("currency", ["HRK", "BGN", "LTL", "ZWL", "MRO", "STD", "SLL", "ITL"])
def test_every_query_may_ask_for_what_was_money(client, currency):
    customer = client.post("/v1/customers?", json={"external_id": "usr_1"}).json()["id"]
    occurred_at = "2001-06-01T12:00:00Z"
    paid = _pay(client, currency, occurred_at=occurred_at, customer_id=customer).json()

    answers = [
        client.get(f"{path}currency={currency.lower()}")
        for path in (
            "/v1/payments?",
            "/v1/payments/export?",
            "/v1/payments/stats?",
            "/v1/payments/stats/sources?",
            "/v1/payments/stats/sources/explain?figure=amount&source=api&",
            "/v1/customers/stats?",
            "/v1/customers?",
            "/v1/customers/top?",
            f"/v1/customers/top/explain?customer_id={customer}&",
            f"/v1/customers/{customer}/sources?",
            f"/v1/customers/{customer}/explain?figure=lifetime_value&",
        )
    ]

    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert [row["id"] for row in answers[0].json()] == [paid["id"]]


def test_what_never_was_money_is_refused(client):
    for currency in ("cedi", "GHX", "XXX", "ßa", "₵"):
        answer = client.get("/v1/payments", params={"currency": currency})

        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_currency")


def _pay(client, currency, **details):
    intent = {"amount": 4000, "currency": currency} | details
    return client.post("/v1/payments/intents", json=intent)


def _record(merchant, entity, *, instead_of, currency):
    facts = [FactMapper().encode(fact) for fact in entity.collect_events()]
    facts = [
        replace(fact, data=fact.data.replace(f'"{instead_of}"', f'"{currency}"')) for fact in facts
    ]
    merchant.server.ledger.append(Append(merchant.book, tuple(facts), {entity.id: 0}))


def _say_again(merchant, stream, currency):
    """The last fact of a link in GHS, once more in a currency that was money then."""
    ledger = merchant.server.ledger
    last = ledger.read_stream(merchant.book, stream)[-1]
    data = last.data.replace('"GHS"', f'"{currency}"')
    again = NewFact(stream, last.version + 1, last.topic, data)
    ledger.append(Append(merchant.book, (again,), {stream: last.version}))
