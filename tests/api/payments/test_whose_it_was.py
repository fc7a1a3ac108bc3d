"""Refunds and disputes say whose they are, to whoever may know of customers."""

import pytest

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

INTENT = {"amount": 15000, "currency": "GHS"}
LISTS = ("/v1/payments/refunds", "/v1/payments/disputes")


def send(client, path, **body):
    return client.post(path, json=body).raise_for_status().json()


def get(client, path, **asked):
    return client.get(path, params=asked).raise_for_status().json()


@pytest.fixture
def ama(client):
    return send(client, "/v1/customers", name="Ama Mensah")["id"]


@pytest.fixture
def refund(client, ama):
    """As the command answers it, beside a dispute; a stranger has one of each as well."""
    for payer in ({}, {"customer_id": ama}):
        disputed, refunded = (
            send(client, "/v1/payments/intents", **INTENT, **payer)["id"] for _ in range(2)
        )
        send(client, f"/v1/payments/{disputed}/confirm")
        send(client, f"/v1/payments/{disputed}/dispute", amount=200)
        send(client, f"/v1/payments/{refunded}/confirm")
        refund = send(client, f"/v1/payments/{refunded}/refund", amount=100)
    return refund


def whose(rows):
    return [(row["customer_id"], row["customer_name"]) for row in rows]


def test_lists_files_and_single_ones_say_whose_they_are(client, ama, refund):
    known = (ama, "Ama Mensah")

    for path in LISTS:
        name = path.rpartition("/")[2]
        assert whose(get(client, path)) == [known, (None, None)]
        assert whose(get(client, f"/v1/exports/{name}")[name]) == [known, (None, None)]
    assert whose(get(client, f"/v1/payments/{refund['payment_id']}/refunds")) == [known]
    assert get(client, f"/v1/payments/refunds/{refund['id']}") == refund
    assert whose([refund]) == [known]


@pytest.mark.usefixtures("refund")
def test_of_whoever_was_deleted_no_name_is_told(client, ama):
    client.delete(f"/v1/customers/{ama}").raise_for_status()

    for path in LISTS:
        assert whose(get(client, path)) == [(ama, None), (None, None)]


def test_who_may_not_read_customers_is_told_neither(client, merchant, ama, refund):
    scopes = ["payments:read", "payments:write"]
    key = send(client, "/v1/api-keys", name="a till", scopes=scopes)["raw"]

    with merchant.client(key) as till:
        told = [till.get(path) for path in LISTS]
        told += [till.get(f"/v1/exports{path.removeprefix('/v1/payments')}") for path in LISTS]
        told += [till.get(f"/v1/payments/refunds/{refund['id']}")]
        told += [till.get(f"/v1/payments/{refund['payment_id']}/refunds")]
        told += [till.post(f"/v1/payments/{refund['payment_id']}/refund", json={"amount": 1})]

    for answer in told:
        assert answer.is_success
        assert ama not in answer.text
        assert "Mensah" not in answer.text
