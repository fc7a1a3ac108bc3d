"""One customer in one place: the timeline, the glance, and what a form may be filled in with."""

import pytest
import requests
from reevit import ReevitAPIError

pytestmark = pytest.mark.filterwarnings("ignore:org_id should be provided:DeprecationWarning")

ADA = {"external_id": "usr_1234", "email": "ada@example.com", "name": "Ada Lovelace"}


def ask(shop, path, **query):
    headers = {"X-Reevit-Key": shop.test_key}
    answer = requests.get(f"{shop.url}{path}", headers=headers, params=query, timeout=30)
    answer.raise_for_status()
    return answer.json()


def tell(shop, path, **body):
    headers = {"X-Reevit-Key": shop.test_key}
    answer = requests.post(f"{shop.url}{path}", headers=headers, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


@pytest.fixture
def ada(client):
    return client.customers.create(ADA)


def lived(client, shop, ada):
    """A payment refunded in part, one disputed and lost, a subscription with its invoice."""
    first = client.payments.create_intent(
        {"amount": 4000, "currency": "GHS", "customer_id": ada["id"], "method": "mobile_money"}
    )
    refund = client.payments.refund(first["id"], 1000, "one was rotten")
    second = client.payments.create_intent(
        {"amount": 4000, "currency": "GHS", "customer_id": ada["id"]}
    )
    tell(shop, f"/v1/payments/{second['id']}/dispute", amount=500, reason="not received")
    tell(shop, f"/v1/payments/{second['id']}/dispute/resolve", outcome="lost")
    subscription = client.subscriptions.create(
        {
            "customer_id": ada["id"],
            "plan_id": "premium",
            "amount": 9900,
            "currency": "GHS",
            "method": "card",
            "interval": "monthly",
        }
    )
    return first, refund, second, subscription


def test_all_that_happened_stands_in_one_timeline(client, shop, ada):
    first, refund, second, subscription = lived(client, shop, ada)

    told = ask(shop, f"/v1/customers/{ada['id']}/history")

    kinds = [entry["type"] for entry in told["history"]]
    assert sorted(kinds) == sorted(
        ["payment", "payment", "payment", "refund", "dispute", "subscription", "invoice"]
    )
    assert told["pagination"]["total"] == 7
    moments = [entry["occurred_at"] for entry in told["history"]]
    assert moments == sorted(moments, reverse=True)
    by_id = {entry["id"]: entry for entry in told["history"]}
    assert by_id[first["id"]]["status"] == "partially_refunded"
    assert (by_id[refund["id"]]["amount"], by_id[refund["id"]]["payment_id"]) == (1000, first["id"])
    assert by_id[subscription["id"]]["status"] == "active"
    [dispute] = [entry for entry in told["history"] if entry["type"] == "dispute"]
    assert (dispute["status"], dispute["amount"], dispute["payment_id"]) == (
        "lost",
        500,
        second["id"],
    )
    [renewal] = [entry for entry in told["history"] if entry["source"] == "subscription"][-1:]
    assert renewal["source_id"] == subscription["id"]
    assert ask(shop, "/v1/customers/external/usr_1234/history") == told


def test_a_timeline_is_read_by_types_and_page_by_page(client, shop, ada):
    lived(client, shop, ada)
    path = f"/v1/customers/{ada['id']}/history"
    whole = ask(shop, path)["history"]

    payments = ask(shop, path, types="payment,refund")
    assert payments["history"] == [e for e in whole if e["type"] in ("payment", "refund")]
    assert payments["pagination"]["total"] == 4

    read, cursor = [], None
    while True:
        page = ask(shop, path, limit=2, **({"cursor": cursor} if cursor else {}))
        read += page["history"]
        cursor = page["pagination"]["next_cursor"]
        if cursor is None:
            break
    assert read == whole
    assert ask(shop, path, limit=3, offset=2)["history"] == whole[2:5]


def test_an_open_dispute_is_in_the_timeline_of_whoever_the_payment_is_given_to_later(client, shop):
    payment = client.payments.create_intent({"amount": 4000, "currency": "GHS"})
    tell(shop, f"/v1/payments/{payment['id']}/dispute")
    ada = client.customers.create(ADA)
    client.payments.update_intent(payment["id"], {"customer_id": ada["id"]})

    told = ask(shop, f"/v1/customers/{ada['id']}/history")["history"]

    assert {(entry["type"], entry["status"]) for entry in told} == {
        ("payment", "disputed"),
        ("dispute", "open"),
    }


def test_a_glance_tells_everything_of_one_moment(client, shop, ada):
    lived(client, shop, ada)

    state = ask(shop, f"/v1/customers/{ada['id']}/state")

    assert state["customer"] == client.customers.get(ada["id"])
    assert state["sources"] == ask(shop, f"/v1/customers/{ada['id']}/sources")
    assert [row["status"] for row in state["subscriptions"]] == ["active"]
    assert state["invoices"] == []
    assert state["history"] == ask(shop, f"/v1/customers/{ada['id']}/history")["history"]
    assert state["prefill"]["name"] == "Ada Lovelace"


def test_a_form_is_filled_in_with_how_the_customer_paid_last(client, shop, ada):
    path = f"/v1/customers/{ada['id']}/prefill"
    before = ask(shop, path)
    client.payments.create_intent(
        {"amount": 4000, "currency": "NGN", "customer_id": ada["id"], "method": "bank_transfer"}
    )
    client.payments.create_intent(
        {"amount": 4001, "currency": "GHS", "customer_id": ada["id"], "method": "mobile_money"}
    )

    after = ask(shop, path)

    assert before == {
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": None,
        "method": None,
        "country": None,
    }
    assert (after["method"], after["country"]) == ("bank_transfer", "NG")


@pytest.mark.parametrize("part", ["history", "state", "prefill"])
def test_nobody_has_nothing(client, shop, ada, part):
    client.customers.delete(ada["id"])

    with pytest.raises(requests.HTTPError, match="404"):
        ask(shop, f"/v1/customers/{ada['id']}/{part}")
    with pytest.raises(ReevitAPIError):
        client.customers.get(ada["id"])
