"""A payment is in one currency: what is said about it in another is refused, not dropped."""

import pytest

ASKED = {"amount": 1000, "currency": "GHS"}


@pytest.fixture
def said(client):
    """Both answers: to what is said of an amount in another currency, and in the payment's own."""

    def said(method, path):
        return [
            client.request(method, path, json={"amount": 100, "currency": currency})
            for currency in ("USD", "ghs")
        ]

    return said


def refused_and_done(answers):
    refused, done = answers
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_currency")
    assert refused.json()["details"] == {"field": "currency"}
    assert done.is_success
    return True


@pytest.mark.parametrize(
    ("before", "step", "more"),
    [
        (["confirm"], "capture", {"capture_method": "manual"}),
        (["confirm"], "refund", {}),
        (["confirm"], "dispute", {}),
        ([], "confirm", {}),
    ],
)
def test_money_moves_in_the_currency_it_was_asked_for_in(client, said, before, step, more):
    path = f"/v1/payments/{client.post('/v1/payments/intents', json=ASKED | more).json()['id']}"
    for each in before:
        client.post(f"{path}/{each}")

    assert refused_and_done(said("POST", f"{path}/{step}"))


def test_what_is_asked_is_changed_in_its_currency(client, said):
    payment = client.post("/v1/payments/intents", json=ASKED).json()

    assert refused_and_done(said("PATCH", f"/v1/payments/intents/{payment['id']}"))


def test_a_link_is_paid_in_its_currency(client, said):
    terms = {"name": "Gift", "currency": "GHS", "allow_custom_amount": True}
    link = client.post("/v1/payment-links", json=terms).json()

    assert refused_and_done(said("POST", f"/v1/pay/{link['code']}/pay"))
