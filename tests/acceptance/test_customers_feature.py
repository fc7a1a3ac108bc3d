"""The examples of the customers feature, through the official client, over HTTP."""

import pytest
import requests
from reevit import Reevit, ReevitAPIError

pytestmark = pytest.mark.filterwarnings("ignore:org_id should be provided:DeprecationWarning")

ADA = {
    "external_id": "usr_1234",
    "email": "ada@example.com",
    "name": "Ada Lovelace",
    "phone": "+233501234567",
    "tags": ["premium", "early-adopter"],
    "metadata": {"plan": "pro", "signup_source": "referral"},
}


def pay(client: Reevit, customer_id: str | None = None, amount: int = 15000, **more):
    intent = client.payments.create_intent(
        {"amount": amount, "currency": "GHS", "customer_id": customer_id, **more}
    )
    return client.payments.confirm(intent["id"])


def test_a_customer_is_created_with_all_six_fields(client):
    customer = client.customers.create(ADA)

    assert customer["id"].startswith("cus_")
    assert {field: customer[field] for field in ADA} == ADA
    assert customer["mode"] == "test"
    assert client.customers.get(customer["id"]) == customer


def test_an_empty_body_creates_an_anonymous_customer(client):
    customer = client.customers.create({})

    assert customer["external_id"] is None
    assert customer["payment_count"] == 0


def test_a_payment_is_linked_to_its_customer(client):
    customer = client.customers.create(ADA)

    intent = client.payments.create_intent(
        {"amount": 15000, "currency": "GHS", "customer_id": customer["id"]}
    )

    assert intent["customer_id"] == customer["id"]
    assert intent["status"] == "pending"
    assert client.payments.confirm(intent["id"])["status"] == "succeeded"


def test_the_profile_adds_up_what_the_customer_paid(client):
    customer = client.customers.create(ADA)
    pay(client, customer["id"], 5000)
    pay(client, customer["id"], 10000)
    client.payments.create_intent(
        {"amount": 4001, "currency": "GHS", "customer_id": customer["id"]}
    )

    profile = client.customers.get(customer["id"])

    assert profile["total_spent"] == profile["total_amount"] == 15000
    assert profile["payment_count"] == profile["total_payments"] == 3
    assert (profile["successful_payments"], profile["failed_payments"]) == (2, 1)
    assert profile["avg_payment_amount"] == 7500
    assert profile["lifetime_value"] == 15000
    assert profile["last_payment_date"] == profile["last_payment_at"]
    assert profile["last_payment_at"] > profile["first_payment_at"]
    assert profile["currency"] == profile["preferred_currency"] == "GHS"
    assert profile["subscription_status"] == "none"


def test_the_history_tells_where_each_payment_came_from(client):
    customer = client.customers.create(ADA)
    through_link = pay(
        client,
        customer["id"],
        5000,
        source="payment_link",
        source_id="pl_abc123",
        source_description="Premium Plan Checkout",
    )
    through_api = pay(client, customer["id"], 10000)

    history = client.customers.payment_history(customer["id"])

    newest, oldest = history
    assert newest["payment_id"] == newest["id"] == through_api["id"]
    assert (newest["amount"], newest["status"], newest["source"]) == (10000, "succeeded", "api")
    assert newest["source_id"] is None
    assert newest["source_description"] is None
    assert oldest["payment_id"] == through_link["id"]
    assert oldest["source"] == "payment_link"
    assert oldest["source_id"] == "pl_abc123"
    assert oldest["source_description"] == "Premium Plan Checkout"
    assert client.customers.payment_history(customer["id"], limit=1, offset=1) == [oldest]


def test_the_top_customers_are_those_who_spent_most(client):
    customers = [client.customers.create({"external_id": f"usr_{n}"}) for n in range(12)]
    for n, customer in enumerate(customers):
        pay(client, customer["id"], 1000 + n)
    client.customers.create({"external_id": "never paid"})

    top = client.customers.top(limit=10)

    assert [c["external_id"] for c in top] == [f"usr_{n}" for n in range(11, 1, -1)]
    assert top[0]["total_spent"] == 1011


def test_a_customer_is_found_by_external_id_both_ways(client):
    customer = client.customers.create(ADA)

    assert client.customers.lookup("usr_1234") == customer
    assert client.customers.list(external_id="usr_1234") == [customer]
    assert client.customers.list(external_id="usr_9999") == []
    with pytest.raises(ReevitAPIError) as refusal:
        client.customers.lookup("usr_9999")
    assert (refusal.value.status_code, refusal.value.code) == (404, "customer_not_found")


def test_a_duplicate_external_id_is_refused(client):
    customer = client.customers.create(ADA)

    with pytest.raises(ReevitAPIError) as refusal:
        client.customers.create({"external_id": "usr_1234"})

    assert refusal.value.status_code == 409
    assert refusal.value.code == "customer_already_exists"
    assert refusal.value.details == {
        "field": "external_id",
        "external_id": "usr_1234",
        "customer_id": customer["id"],
    }
    assert refusal.value.request_id


def test_an_external_id_may_be_changed_and_is_free_after_deletion(client):
    ada = client.customers.create(ADA)
    grace = client.customers.create({"external_id": "usr_5678"})

    with pytest.raises(ReevitAPIError) as refusal:
        client.customers.update(grace["id"], {"external_id": "usr_1234"})
    assert refusal.value.status_code == 409

    assert client.customers.delete(ada["id"]) is None
    moved = client.customers.update(grace["id"], {"external_id": "usr_1234"})
    assert client.customers.lookup("usr_1234")["id"] == moved["id"] == grace["id"]
    with pytest.raises(ReevitAPIError) as refusal:
        client.customers.get(ada["id"])
    assert refusal.value.status_code == 404


def test_an_update_changes_what_it_names_and_nothing_else(client):
    customer = client.customers.create(ADA)

    changed = client.customers.update(customer["id"], {"name": "Ada King", "phone": None})

    assert changed["name"] == "Ada King"
    assert changed["phone"] is None
    assert changed["email"] == ADA["email"]
    assert client.customers.get(customer["id"]) == changed


def test_the_sources_of_a_customer_add_up(client):
    customer = client.customers.create(ADA)
    link = {"source": "payment_link", "source_id": "pl_1", "source_description": "Summer Sale"}
    renewal = {"source": "subscription", "source_id": "sub_1", "source_description": "Premium"}
    pay(client, customer["id"], 1000, **link)
    pay(client, customer["id"], 2000, **renewal)
    pay(client, customer["id"], 5000)

    told = client.request("GET", f"/v1/customers/{customer['id']}/sources")

    assert told["currency"] == "GHS"
    assert told["totals"] == {"count": 3, "amount": 8000}
    assert [row["source"] for row in told["by_source"]] == ["api", "payment_link", "subscription"]
    assert sum(row["count_share"] for row in told["by_source"]) == pytest.approx(1)
    assert sum(row["amount_share"] for row in told["by_source"]) == pytest.approx(1)
    assert told["subscription_share"] == pytest.approx(1 / 3)
    assert told["one_time_share"] == pytest.approx(2 / 3)
    assert told["acquisition"]["source_id"] == "pl_1"
    assert client.customers.get(customer["id"])["acquisition"] == told["acquisition"]
    assert [c["id"] for c in client.customers.list(acquired_via="pl_1")] == [customer["id"]]


def test_which_payment_link_generated_the_most_revenue(client):
    for name, amount in (("small", 1000), ("big", 9900)):
        pay(
            client,
            amount=amount,
            source="payment_link",
            source_id=f"pl_{name}",
            source_description=name,
        )

    told = client.request(
        "GET",
        "/v1/payments/stats/sources",
        params={"source": "payment_link", "group_by": "source_id"},
    )

    assert [(row["source_id"], row["amount"]) for row in told["sources"]] == [
        ("pl_big", 9900),
        ("pl_small", 1000),
    ]


def test_every_method_of_the_payments_service(client):
    customer = client.customers.create(ADA)
    intent = client.payments.create_intent({"amount": 15000, "currency": "ghs"})
    amended = client.payments.update_intent(intent["id"], {"amount": 16000})
    assert amended["amount"] == 16000
    confirmed = client.payments.confirm_intent(intent["id"], intent["client_secret"])
    assert confirmed["status"] == "succeeded"
    assert client.payments.confirm(intent["id"])["status"] == "succeeded"

    attached = client.payments.update_intent(intent["id"], {"customer_id": customer["id"]})
    assert attached["customer_id"] == customer["id"]
    assert client.customers.get(customer["id"])["total_spent"] == 16000

    part = client.payments.refund(intent["id"], amount=6000, reason="requested_by_customer")
    assert (part["status"], part["amount"]) == ("succeeded", 6000)
    rest = client.payments.refund(intent["id"])
    assert rest["amount"] == 10000
    assert client.payments.get(intent["id"])["status"] == "refunded"
    with pytest.raises(ReevitAPIError) as refusal:
        client.payments.refund(intent["id"], amount=1)
    assert (refusal.value.status_code, refusal.value.code) == (400, "invalid_state")

    declined = client.payments.create_intent({"amount": 4001, "currency": "GHS"})
    assert declined["status"] == "failed"
    assert client.payments.retry(declined["id"])["id"] == declined["id"]
    canceled = client.payments.create_intent({"amount": 700, "currency": "GHS"})
    assert client.payments.cancel(canceled["id"])["status"] == "canceled"

    assert {p["id"] for p in client.payments.list()} == {
        intent["id"],
        declined["id"],
        canceled["id"],
    }
    assert len(client.payments.list(limit=1, offset=2)) == 1
    stats = client.payments.stats(period="all")
    assert stats["totals"]["succeeded"] == stats["success_count"] == 1
    assert stats["totals"]["amount"] == stats["total_amount"] == 16000


def test_the_same_key_gives_the_same_answer_once(client):
    first = client.customers.create({"name": "Once"}, idempotency_key="key-1")
    again = client.customers.create({"name": "Once"}, idempotency_key="key-1")

    assert again == first
    assert len(client.customers.list()) == 1
    with pytest.raises(ReevitAPIError) as refusal:
        client.customers.create({"name": "Twice"}, idempotency_key="key-1")
    assert (refusal.value.status_code, refusal.value.code) == (409, "idempotency_conflict")


def test_a_live_payment_is_recorded_by_the_merchants_server(shop):
    client = shop.client(key=shop.live_key, org_id=shop.org_id)
    intent = client.payments.create_intent(
        {"amount": 4000, "currency": "KES", "occurred_at": "2026-01-02T03:04:00Z"}
    )
    assert intent["status"] == "pending"

    waiting = client.payments.confirm_intent(intent["id"], intent["client_secret"])
    assert waiting["status"] == "pending"
    recorded = client.request(
        "POST",
        f"/v1/payments/{intent['id']}/confirm",
        json={
            "provider": "mpesa",
            "provider_ref_id": "QK12",
            "occurred_at": "2026-01-02T03:04:05Z",
        },
    )

    assert (recorded["status"], recorded["provider"]) == ("succeeded", "mpesa")
    assert recorded["provider_ref_id"] == "QK12"
    failed = client.payments.create_intent({"amount": 10, "currency": "KES"})
    told = client.request(
        "POST", f"/v1/payments/{failed['id']}/fail", json={"code": "card_declined"}
    )
    assert told["status"] == "failed"


def test_the_two_modes_and_two_organizations_never_mix(shop):
    test, live = shop.client(), shop.client(key=shop.live_key)
    test.customers.create(ADA)

    assert live.customers.list() == []
    assert live.customers.create(ADA)["mode"] == "live"
    with pytest.raises(ReevitAPIError) as refusal:
        shop.client(org_id="org_somebodyelse").customers.list()
    assert (refusal.value.status_code, refusal.value.code) == (403, "forbidden")


def test_a_client_need_not_name_its_organization(shop):
    naming, silent = shop.client(org_id=shop.org_id), shop.client()

    customer = silent.customers.create(ADA)
    payment = pay(naming, customer["id"])

    for client in (naming, silent):
        assert client.customers.list()[0]["external_id"] == ADA["external_id"]
        assert client.payments.get(payment["id"]) == payment


def test_an_unknown_key_is_refused(shop):
    answer = requests.get(
        f"{shop.url}/v1/customers", headers={"X-Reevit-Key": "pfk_test_no.such"}, timeout=10
    )

    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_api_key"
    assert answer.headers["X-Request-Id"]
