"""Event data: what others are told of a fact, in the words in which the API answers."""

import orjson
import pytest

from api.resources.event_data import data_of
from delivery.envelopes import to_json
from delivery.subjects import Subjects
from domain.event_types import type_of
from domain.webhook_endpoint import Told, WebhookEndpoint

AMA = {
    "external_id": "usr_1",
    "email": "ama@example.com",
    "phone": "+233501234567",
    "name": "Ama",
    "tags": ["vip"],
}


@pytest.fixture
def tell(merchant):
    """The data of everything that happened, by type; the last of each."""

    def tell():
        ledger, book = merchant.server.ledger, merchant.book
        facts = [each for each in ledger.read(book, limit=999) if type_of(each.topic)]
        found = Subjects(ledger).after(book, facts)
        return {type_of(each.stored.topic): data_of(each) for each in found}

    return tell


@pytest.fixture
def ama(client):
    return client.post("/v1/customers", json=AMA | {"metadata": {"seat": "12A"}}).json()


@pytest.fixture
def payment(client, ama):
    order = {"amount": 700, "currency": "GHS", "customer_id": ama["id"], "metadata": {"cart": "9"}}
    return client.post("/v1/payments/intents", json=order).json()


def pay(client, payment):
    return client.post(f"/v1/payments/{payment['id']}/confirm", json={}).json()


def as_read(client, path):
    """As JSON that was read: moments are text."""
    return client.get(path).json()


def sent(data):
    return orjson.loads(to_json(data))


def test_a_payment_is_told_as_the_api_shows_it(client, payment, tell):
    pay(client, payment)

    told = sent(tell()["payment.succeeded"])

    shown = as_read(client, f"/v1/payments/{payment['id']}")
    assert set(shown) - set(told) == {
        *("client_secret", "session_secret", "psp_public_key", "psp_credentials", "payer"),
    }
    assert told == {name: shown[name] for name in told}


def test_whoever_pays_is_told_with_the_id_the_business_has_for_them(ama, payment, tell):
    told = tell()

    for data in (told["payment.created"], told["customer.created"]):
        assert data["customer"] == {"id": ama["id"], **AMA}
        assert data["customer_external_id"] == "usr_1"
    assert told["payment.created"]["customer_id"] == payment["customer_id"]


def test_a_refund_comes_with_its_payment(client, payment, tell):
    pay(client, payment)
    refund = client.post(f"/v1/payments/{payment['id']}/refund", json={"amount": 200}).json()

    told = sent(tell()["payment.refunded"])

    assert {name: told[name] for name in refund} == refund
    assert told["payment_id"] == payment["id"]
    assert told["payment"]["status"] == "partially_refunded"
    assert told["metadata"] == {"cart": "9"}
    assert told["customer"]["external_id"] == "usr_1"


def test_a_disputed_payment_is_told_with_its_dispute(client, payment, tell):
    pay(client, payment)
    client.post(f"/v1/payments/{payment['id']}/dispute", json={"amount": 300, "reason": "late"})

    opened = tell()["payment.disputed"]
    client.post(f"/v1/payments/{payment['id']}/dispute/resolve", json={"outcome": "lost"})
    decided = tell()["payment.updated"]

    assert opened["status"] == "disputed"
    dispute = opened["dispute"]
    assert (dispute["amount"], dispute["status"], dispute["reason"]) == (300, "open", "late")
    assert decided["dispute"]["id"] == dispute["id"]
    assert decided["dispute"]["status"] == "lost"


def test_subscriptions_and_invoices_are_told_as_the_api_shows_them(client, ama, tell):
    terms = {"plan_id": "gold", "amount": 500, "currency": "GHS", "interval": "monthly"}
    body = terms | {"customer_id": ama["id"], "method": "card"}
    subscription = client.post("/v1/subscriptions", json=body).json()

    told = tell()
    renewed, invoice = sent(told["subscription.renewed"]), sent(told["invoice.created"])

    shown = as_read(client, f"/v1/subscriptions/{subscription['id']}")
    moved = {"updated_at", "customer", "customer_external_id"}
    assert {name: shown[name] for name in renewed.keys() - moved} == {
        name: renewed[name] for name in renewed.keys() - moved
    }
    shown = as_read(client, f"/v1/invoices/{invoice['id']}")
    assert invoice["number"] == shown["number"] == "INV-000001"
    assert invoice["customer"]["external_id"] == "usr_1"


def test_of_a_customer_who_was_deleted_the_deletion_says_who_it_was(client, ama, payment, tell):
    client.delete(f"/v1/customers/{ama['id']}")

    told = tell()

    assert told["customer.deleted"]["deleted"] is True
    assert told["customer.deleted"]["external_id"] == "usr_1"
    assert told["payment.created"]["customer_id"] == payment["customer_id"]
    assert told["payment.created"]["customer"] is None
    assert told["payment.created"]["customer_external_id"] is None


def test_what_fails_is_told_to_others_without_its_secret(merchant, tell):
    told = Told(name="warehouse", url="https://a.example/in", events=[], metadata={})

    async def fail(work):
        now, endpoint_id = work.now, work.ids.new("we")
        endpoint = WebhookEndpoint.register(
            endpoint_id, told, enabled=True, sealed_secret="sealed", told_after=None, now=now
        )
        endpoint.disable("failing", now)
        work.add(endpoint)

    merchant.perform(fail)

    data = sent(tell()["webhook_endpoint.disabled"])
    assert (data["name"], data["status"], data["disabled_reason"]) == (
        *("warehouse", "disabled", "failing"),
    )
    assert (data["customer"], data["customer_external_id"]) == (None, None)
    assert "sealed" not in str(data)
