"""Refunding in a real browser."""

from money_console import made, paid, read, send


def test_half_of_what_is_left_is_offered_as_it_is_typed(console, client, page, server):
    payment = paid(client, amount=7675)

    page.goto(f"{server.url}/console/payments/{payment}/refund")
    page.get_by_role("button", name="Half: GHS 38.37").click()

    assert page.get_by_label("Amount").input_value() == "38.37"
    page.get_by_role("button", name="Refund GHS 38.37").wait_for()
    waits = made(client, "/v1/payments/intents", amount=200, currency="KWD")["id"]
    assert "Half" not in read(console, f"/console/payments/{waits}/refund")


def test_the_last_minor_unit_has_no_half(console, client):
    payment = paid(client, amount=1)

    assert "Half" not in read(console, f"/console/payments/{payment}/refund")


def test_nothing_is_not_all_that_is_left(console, client):
    payment = paid(client)

    status, shown = send(console, f"/console/payments/{payment}/refund", amount="0.00")

    assert status == 400
    assert "more than 0" in shown
    assert client.get(f"/v1/payments/{payment}").json()["refunded_amount"] == 0
