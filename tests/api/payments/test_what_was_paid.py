"""What was paid counts, and is what is shown, when it is not what was asked."""

import pytest

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


def test_a_timeline_tells_what_was_paid_and_until_then_what_was_asked(client):
    asked = {"amount": 1000, "currency": "GHS", "customer_id": "usr_1"}
    paid, _ = [client.post("/v1/payments/intents", json=asked).json() for _ in range(2)]
    client.post(f"/v1/payments/{paid['id']}/confirm", json={"amount": 700})

    path = f"/v1/customers/{paid['customer_id']}"
    told = client.get(f"{path}/history").json()["history"]

    amounts = {(each["status"], each["amount"]) for each in told if each["type"] == "payment"}
    assert amounts == {("succeeded", 700), ("pending", 1000)}
    assert client.get(path).json()["total_spent"] == 700


def test_the_page_thanks_for_what_was_paid(client, stranger):
    terms = {"name": "Gift", "currency": "GHS", "amount": 1000}
    link = client.post("/v1/payment-links", json=terms).json()
    begun = stranger.post(f"/v1/pay/{link['code']}/pay", json={}).json()
    client.post(f"/v1/payments/{begun['id']}/confirm", json={"amount": 700})

    stranger.cookies.set(f"{link['code']}.{begun['id']}", begun["client_secret"])
    page = stranger.get(f"/pay/{link['code']}/payments/{begun['id']}")

    assert "GHS\N{NO-BREAK SPACE}7.00" in page.text
    assert "GHS\N{NO-BREAK SPACE}10.00" not in page.text
