"""Subscriptions and invoices through the official client, over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
import requests
from reevit import ReevitAPIError

pytestmark = pytest.mark.filterwarnings("ignore:org_id should be provided:DeprecationWarning")

PREMIUM = {
    "customer_id": "usr_1",
    "plan_id": "plan_premium",
    "amount": 9900,
    "currency": "GHS",
    "method": "momo",
    "interval": "monthly",
    "metadata": {"plan_name": "Premium"},
}
DECLINED = PREMIUM | {"amount": 4001}


def refusal(call, *arguments):
    with pytest.raises(ReevitAPIError) as refused:
        call(*arguments)
    return refused.value.status_code, refused.value.code


def ask(shop, method, path, **more):
    return requests.request(
        method, f"{shop.url}{path}", headers={"X-Reevit-Key": shop.test_key}, timeout=30, **more
    )


def unnamed(listed):
    """Without what lists alone say: what customers are called."""
    return [
        {key: value for key, value in each.items() if key != "customer_name"} for each in listed
    ]


def test_the_payments_of_a_subscription_say_so(client):
    subscription = client.subscriptions.create(PREMIUM)

    assert subscription["id"].startswith("sub_")
    assert (subscription["status"], subscription["method"]) == ("active", "momo")
    assert client.subscriptions.get(subscription["id"]) == subscription
    [row] = client.customers.payment_history(subscription["customer_id"])
    assert (row["source"], row["source_id"], row["source_description"]) == (
        "subscription",
        subscription["id"],
        "Premium",
    )
    assert (row["amount"], row["status"], row["method"]) == (9900, "succeeded", "mobile_money")


def test_the_first_invoice_comes_at_once_and_is_paid(client):
    subscription = client.subscriptions.create(PREMIUM)

    [invoice] = unnamed(client.invoices.list(subscription_id=subscription["id"]))

    assert invoice["id"].startswith("inv_")
    assert client.invoices.get(invoice["id"]) == invoice
    assert (invoice["status"], invoice["amount"], invoice["period"]) == ("paid", 9900, 1)
    assert invoice["due_at"] == invoice["due_date"] == subscription["created_at"]
    assert invoice["period_end"] == subscription["next_renewal_at"]
    assert client.payments.get(invoice["payment_id"])["status"] == "succeeded"
    assert invoice["paid_at"] is not None


def test_a_customer_is_meant_by_whatever_they_are_called(client):
    known = client.customers.create({"external_id": "usr_1", "email": "ada@example.com"})

    for name in ("usr_1", "ada@example.com", known["id"]):
        made = client.subscriptions.create(PREMIUM | {"customer_id": name})
        assert made["customer_id"] == known["id"]
    newcomer = client.subscriptions.create(PREMIUM | {"customer_id": "usr_new"})["customer_id"]

    assert client.customers.get(newcomer)["external_id"] == "usr_new"
    assert len(client.subscriptions.list(customer_id="usr_1")) == 3


def test_the_profile_says_how_somebody_is_subscribed(client):
    subscription = client.subscriptions.create(PREMIUM)
    customer_id = subscription["customer_id"]

    def status():
        profile = client.customers.get(customer_id)
        return profile["subscription_status"], profile["subscriptions"]

    assert status() == ("active", {"active": 1, "paused": 0, "canceled": 0, "total": 1})
    other = client.subscriptions.create(PREMIUM)
    client.subscriptions.cancel(other["id"])
    assert status() == ("active", {"active": 1, "paused": 0, "canceled": 1, "total": 2})
    client.subscriptions.cancel(subscription["id"])
    assert status()[0] == "canceled"


def test_it_is_paused_resumed_and_canceled_and_then_nothing_more(client, shop):
    subscription = client.subscriptions.create(PREMIUM)
    path = f"/v1/subscriptions/{subscription['id']}"

    paused = ask(shop, "POST", f"{path}/pause", json={"reason": "on a journey"}).json()
    assert (paused["status"], paused["status_reason"]) == ("paused", "on a journey")
    assert paused["next_renewal_at"] is None
    assert [each["id"] for each in client.subscriptions.list(status="paused")] == [paused["id"]]

    resumed = client.subscriptions.resume(subscription["id"])
    assert (resumed["status"], resumed["next_renewal_at"]) == (
        "active",
        subscription["next_renewal_at"],
    )
    assert refusal(client.subscriptions.resume, subscription["id"]) == (400, "invalid_state")

    canceled = client.subscriptions.cancel(subscription["id"])
    assert canceled["status"] == "canceled"
    assert unnamed(client.subscriptions.list(status="cancelled")) == [canceled]
    for refused in (
        refusal(client.subscriptions.cancel, subscription["id"]),
        refusal(client.subscriptions.resume, subscription["id"]),
        refusal(client.subscriptions.update, subscription["id"], {"amount": 1}),
    ):
        assert refused == (400, "subscription_cancelled")
    assert ask(shop, "POST", f"{path}/pause").json()["code"] == "subscription_cancelled"


def test_it_ends_with_the_period_that_is_paid_and_may_be_kept_until_then(client, shop):
    subscription = client.subscriptions.create(PREMIUM)
    path = f"/v1/subscriptions/{subscription['id']}"

    ending = ask(shop, "POST", f"{path}/cancel", json={"cancel_at_period_end": True}).json()
    assert (ending["status"], ending["cancel_at_period_end"]) == ("active", True)
    assert (ending["ends_at"], ending["next_renewal_at"]) == (ending["current_period_end"], None)
    assert client.subscriptions.get(subscription["id"]) == ending
    kept = client.subscriptions.update(subscription["id"], {"cancel_at_period_end": False})
    assert kept["next_renewal_at"] == subscription["next_renewal_at"]
    again = client.subscriptions.update(subscription["id"], {"cancel_at_period_end": True})
    assert client.subscriptions.get(subscription["id"]) == again
    assert again["ends_at"] == ending["ends_at"]


def test_it_begins_with_a_trial_and_on_a_day_to_come(client):
    day = (datetime.now(UTC) + timedelta(days=10)).date()
    begins, billed = (f"{each}T00:00:00Z" for each in (day, day + timedelta(days=7)))

    told = client.subscriptions.create(PREMIUM | {"start_date": day.isoformat(), "trial_days": 7})

    assert (told["status"], told["start_date"], told["trial_end"]) == ("active", begins, billed)
    assert (told["next_renewal_at"], told["period"]) == (billed, 0)
    assert (told["current_period_start"], told["current_period_end"]) == (begins, billed)
    assert client.subscriptions.get(told["id"]) == told
    assert client.invoices.list() == client.payments.list() == []
    for wrong in (
        {"start_date": "2020-01-01"},
        {"trial_end": "2020-01-01"},
        {"trial_days": 0},
        {"trial_days": 7, "trial_end": billed},
    ):
        told = refusal(client.subscriptions.create, PREMIUM | wrong)
        assert told == (400, "validation_error")


def test_whoever_is_deleted_is_subscribed_to_nothing_and_charged_for_nothing(client):
    declined = client.subscriptions.create(DECLINED)
    client.subscriptions.create(PREMIUM)
    invoice = client.invoices.get(declined["latest_invoice_id"])

    client.customers.delete(declined["customer_id"])

    assert {each["status"] for each in client.subscriptions.list()} == {"canceled"}
    told = client.invoices.get(invoice["id"])
    assert (told["status"], told["next_retry_at"]) == ("canceled", None)
    assert refusal(client.invoices.retry, invoice["id"]) == (400, "invalid_state")
    assert refusal(client.payments.retry, invoice["payment_id"]) == (400, "invalid_state")


def test_a_plan_is_changed_for_what_comes(client):
    subscription = client.subscriptions.create(PREMIUM)

    changed = client.subscriptions.update(
        subscription["id"],
        {"plan_id": "plan_basic", "amount": 2000, "interval": "yearly", "method": "card"},
    )

    assert (changed["plan_id"], changed["amount"]) == ("plan_basic", 2000)
    assert (changed["interval"], changed["method"]) == ("yearly", "card")
    assert changed["next_renewal_at"] == subscription["next_renewal_at"]
    assert unnamed(client.subscriptions.list(plan_id="plan_basic")) == [changed]
    assert client.invoices.list()[0]["amount"] == 9900


def test_lists_are_filtered_and_newest_first(client):
    first = client.subscriptions.create(PREMIUM)
    second = client.subscriptions.create(PREMIUM | {"customer_id": "usr_2"})
    now = datetime.now(UTC)
    past, future = (now - timedelta(hours=1)).isoformat(), (now + timedelta(hours=1)).isoformat()

    def ids(listed):
        return [each["id"] for each in listed]

    assert ids(client.subscriptions.list()) == [second["id"], first["id"]]
    assert ids(client.subscriptions.list(limit=1, offset=1)) == [first["id"]]
    assert client.subscriptions.list(created_before=past) == []
    assert len(client.subscriptions.list(created_after=past, created_before=future)) == 2
    invoices = [second["latest_invoice_id"], first["latest_invoice_id"]]
    assert ids(client.invoices.list()) == invoices
    assert ids(client.invoices.list(customer_id="usr_2")) == invoices[:1]
    assert ids(client.invoices.list(status="paid", **{"from": past, "to": future})) == invoices
    assert client.invoices.list(created_after=future) == client.invoices.list(status="due") == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"customer_id": None}, "missing_required_field"),
        ({"plan_id": ""}, "missing_required_field"),
        ({"amount": 0}, "invalid_amount"),
        ({"currency": "XXX"}, "invalid_currency"),
        ({"method": "shells"}, "validation_error"),
        ({"interval": "weekly"}, "validation_error"),
    ],
)
def test_what_cannot_be_subscribed_to_is_refused(client, said, code):
    assert refusal(client.subscriptions.create, PREMIUM | said) == (400, code)


def test_what_is_not_there_is_not_found(client):
    nobody = "cus_01kar3v0x00000000000000002"

    assert refusal(client.subscriptions.get, "sub_1") == (404, "subscription_not_found")
    assert refusal(client.subscriptions.cancel, "sub_1") == (404, "subscription_not_found")
    assert refusal(client.invoices.get, "inv_1") == (404, "invoice_not_found")
    assert refusal(client.invoices.retry, "inv_1") == (404, "invoice_not_found")
    assert refusal(client.subscriptions.create, PREMIUM | {"customer_id": nobody}) == (
        404,
        "customer_not_found",
    )


def test_the_same_key_makes_one_subscription_and_one_payment(client):
    first = client.subscriptions.create(PREMIUM, idempotency_key="subscribe-1")

    assert client.subscriptions.create(PREMIUM, idempotency_key="subscribe-1") == first
    assert len(client.subscriptions.list()) == len(client.payments.list()) == 1


def test_a_declined_invoice_waits_to_be_tried_again(client, shop):
    subscription = client.subscriptions.create(DECLINED)

    [invoice] = client.invoices.list(status="failed")
    assert (invoice["retry_count"], invoice["max_retries"]) == (0, 3)
    failed_at = datetime.fromisoformat(invoice["updated_at"])
    waits = datetime.fromisoformat(invoice["next_retry_at"]) - failed_at
    assert waits == timedelta(minutes=15)

    again = client.invoices.retry(invoice["id"])
    answer = ask(shop, "POST", f"/v1/invoices/{invoice['id']}/retry")
    assert answer.status_code == 202
    assert answer.json()["id"] == again["id"] == invoice["id"]
    assert client.subscriptions.get(subscription["id"])["status"] == "active"


def test_a_paid_invoice_is_neither_tried_again_nor_canceled(client):
    invoice_id = client.subscriptions.create(PREMIUM)["latest_invoice_id"]

    assert refusal(client.invoices.retry, invoice_id) == (400, "invoice_already_paid")
    assert refusal(client.invoices.cancel, invoice_id) == (400, "invoice_already_paid")
    noted = client.invoices.update(invoice_id, {"metadata": {"order": "1001"}})
    assert noted["metadata"] == {"order": "1001"}
    assert client.invoices.get(invoice_id) == noted


def test_an_invoice_is_canceled_by_its_route_or_by_its_status(client):
    by_route = client.subscriptions.create(DECLINED)["latest_invoice_id"]
    by_status = client.subscriptions.create(DECLINED)["latest_invoice_id"]

    assert client.invoices.cancel(by_route)["status"] == "canceled"
    assert client.invoices.update(by_status, {"status": "cancelled"})["status"] == "canceled"
    assert refusal(client.invoices.update, by_route, {"status": "paid"}) == (
        400,
        "validation_error",
    )
    assert refusal(client.invoices.retry, by_route) == (400, "invalid_state")
    assert len(client.invoices.list(status="canceled")) == 2


def test_invoices_are_numbered_without_gaps_by_a_prefix_of_one_s_own(client, shop):
    first = client.subscriptions.create(DECLINED)["latest_invoice_id"]
    settings = ask(shop, "PATCH", "/v1/organization", json={"invoice_prefix": "KS-"})
    assert settings.json()["invoice_prefix"] == "KS-"
    second = client.subscriptions.create(DECLINED)["latest_invoice_id"]

    told = [client.invoices.get(each) for each in (first, second)]

    assert [each["number"] for each in told] == ["INV-000001", "KS-000002"]
    assert [each["number"] for each in client.invoices.list()] == ["KS-000002", "INV-000001"]
    assert client.invoices.retry(first)["number"] == "INV-000001"
    wrong = ask(shop, "PATCH", "/v1/organization", json={"invoice_prefix": "a\nb"})
    assert wrong.status_code == 400


def test_the_day_an_invoice_is_due_can_be_moved(client):
    invoice_id = client.subscriptions.create(DECLINED)["latest_invoice_id"]

    moved = client.invoices.update(invoice_id, {"due_date": "2030-01-01T00:00:00Z"})

    assert moved["due_at"] == moved["due_date"] == "2030-01-01T00:00:00Z"
    by_day = client.invoices.update(invoice_id, {"due_date": "2030-02-01"})
    assert by_day["due_date"] == "2030-02-01T00:00:00Z"
    for wrong in ("2030-02-30", "soon"):
        told = refusal(client.invoices.update, invoice_id, {"due_date": wrong})
        assert told == (400, "validation_error")


def test_what_would_be_believed_to_cost_less_or_more_is_refused(client, shop):
    subscription = client.subscriptions.create(PREMIUM)
    link = {"name": "Sale", "currency": "GHS", "amount": 4000}

    for said in ({"quantity": 3}, {"coupon": "HALF"}, {"tax_rate": 15}):
        for method, path, body in (
            ("POST", "/v1/subscriptions", PREMIUM | said),
            ("PATCH", f"/v1/subscriptions/{subscription['id']}", said),
            ("PATCH", f"/v1/invoices/{subscription['latest_invoice_id']}", said),
            ("POST", "/v1/payment-links", link | said),
        ):
            told = ask(shop, method, path, json=body)
            assert (told.status_code, told.json()["code"]) == (400, "unsupported_field")
            assert told.json()["details"] == {"field": next(iter(said))}
    assert unnamed(client.subscriptions.list()) == [subscription]


def test_in_live_mode_the_merchant_says_when_an_invoice_is_paid(shop):
    client = shop.client(key=shop.live_key, org_id=shop.org_id)
    invoice_id = client.subscriptions.create(PREMIUM)["latest_invoice_id"]
    invoice = client.invoices.get(invoice_id)
    assert invoice["status"] == "due"

    client.payments.confirm(invoice["payment_id"])

    assert client.invoices.get(invoice_id)["status"] == "paid"


def test_a_customer_s_subscriptions_and_invoices_are_listed(client, shop):
    subscription = client.subscriptions.create(PREMIUM)
    client.subscriptions.create(PREMIUM | {"customer_id": "usr_2"})

    for place in (f"/v1/customers/{subscription['customer_id']}", "/v1/customers/external/usr_1"):
        told = ask(shop, "GET", f"{place}/subscriptions").json()
        assert told["subscriptions"] == [subscription]
        assert told["pagination"]["total"] == 1
        invoices = ask(shop, "GET", f"{place}/invoices").json()["invoices"]
        assert [each["subscription_id"] for each in invoices] == [subscription["id"]]
    for missing in ("/v1/customers/cus_1/invoices", "/v1/customers/external/x/subscriptions"):
        assert ask(shop, "GET", missing).json()["code"] == "customer_not_found"


def test_bodies_are_bare_arrays_with_their_count_beside_them(client, shop):
    client.subscriptions.create(PREMIUM)

    for path in ("/v1/subscriptions", "/v1/invoices"):
        answer = ask(shop, "GET", path)
        assert isinstance(answer.json(), list)
        assert answer.headers["X-Total-Count"] == "1"


def test_retry_policies_are_set_shown_and_removed(client, shop):
    path = "/v1/policies/retry"
    default = {
        "plan_id": None,
        "delays": ["15m", "1h", "24h"],
        "max_retries": 3,
        "when_used_up": "pause",
        "is_default": True,
    }
    assert ask(shop, "GET", path).json() == default

    mine = ask(shop, "POST", path, json={"delays": ["2h", "7d"], "when_used_up": "cancel"}).json()
    gold = ask(
        shop, "POST", path, json={"plan_id": "gold", "delays": ["1d"], "max_retries": 0}
    ).json()
    assert (mine["plan_id"], mine["max_retries"], mine["is_default"]) == (None, 2, False)
    assert ask(shop, "GET", path, params={"plan_id": "gold"}).json() == gold
    assert ask(shop, "GET", path, params={"plan_id": "other"}).json() == mine
    assert ask(shop, "GET", f"{path}/list").json() == [mine, gold]
    assert ask(shop, "POST", path, json={"delays": ["soon"]}).status_code == 400

    # Without retries the first refusal is the last.
    declined = client.subscriptions.create(DECLINED | {"plan_id": "gold"})
    assert (declined["status"], declined["status_reason"]) == ("paused", "payment_failed")
    for plan in ({}, {"plan_id": "gold"}):
        assert ask(shop, "DELETE", path, params=plan).status_code == 204
    assert ask(shop, "GET", path, params={"plan_id": "gold"}).json() == default


def test_what_share_came_from_subscriptions(client, shop):
    subscription = client.subscriptions.create(PREMIUM)
    client.payments.create_intent({"amount": 4000, "currency": "GHS", "customer_id": "usr_1"})

    sources = ask(shop, "GET", f"/v1/customers/{subscription['customer_id']}/sources").json()

    assert (sources["subscription_share"], sources["one_time_share"]) == (0.5, 0.5)
    assert sources["acquisition"]["source_id"] == subscription["id"]
