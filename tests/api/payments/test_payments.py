"""Payments over HTTP."""

import csv
import io

import pytest

from api.resources.payments import Payment, PaymentSummary, StatusChange
from api.resources.refunds import Refund
from api.resources.sources import RankedSource
from api.resources.statistics import Stats

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@on_both_databases
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"customer_id": "ama@example.com", "reference": "r", "metadata": {"order": "1", "n": [1]}},
        {"amount": 77, "method": "momo", "description": "Tomatoes"},
        {"amount": 4001},
        {"amount": 4005},
        {"amount": 4006, "method": "mobile_money"},
        {"capture_method": "manual"},
        {"occurred_at": "2026-01-02T03:04:05+01:00"},
    ],
)
def test_a_payment_is_created_and_read_back_to_the_letter(client, more):
    created = client.post("/v1/payments/intents", json={"amount": 4000, "currency": "GHS"} | more)

    payment = created.json()
    assert created.status_code == 201
    assert payment.keys() == Payment.model_fields.keys()
    assert client.get(f"/v1/payments/{payment['id']}").json() == payment
    listed = client.get("/v1/payments").json()
    assert listed == [{name: payment[name] for name in PaymentSummary.model_fields}]


def test_every_step_of_a_payment_answers_as_a_read_does(client):
    def agrees(step, **body):
        answer = client.post(f"/v1/payments/{payment['id']}/{step}", json=body)
        assert answer.status_code == 200, answer.text
        assert client.get(f"/v1/payments/{payment['id']}").json() == answer.json()
        return answer.json()["status"]

    payment = _pay(client, amount=100, customer_id="usr_1")
    assert agrees("fail", code="card_declined", message="no") == "failed"
    assert agrees("retry") == "pending"
    assert agrees("confirm", provider="hubtel", provider_ref_id="h-1") == "succeeded"
    assert agrees("confirm") == "succeeded"
    assert agrees("dispute", amount=40, reason="fraud") == "disputed"
    assert agrees("dispute/resolve", outcome="lost") == "partially_refunded"

    payment = _pay(client, amount=100, capture_method="manual")
    assert agrees("confirm") == "authorized"
    assert agrees("capture", amount=30) == "partially_captured"
    assert agrees("capture") == "succeeded"

    payment = _pay(client, amount=100, capture_method="manual", customer_id="usr_2")
    assert agrees("confirm") == "authorized"
    assert agrees("capture", amount=30) == "partially_captured"
    assert agrees("cancel", reason="sold out") == "succeeded"
    ours = client.get("/v1/customers/lookup", params={"external_id": "usr_2"}).json()
    assert (ours["total_spent"], ours["successful_payments"]) == (30, 1)

    payment = _pay(client, amount=100)
    assert agrees("cancel", reason="changed my mind") == "canceled"
    payment = _pay(client, amount=100)
    assert agrees("expire") == "expired"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"amount": 0}'])
def test_a_refund_without_an_amount_gives_back_all_that_is_left(client, body):
    payment = _pay(client)
    path = f"/v1/payments/{payment['id']}"
    client.post(f"{path}/refund", json={"amount": 1000, "reason": "one was rotten"})

    rest = client.post(f"{path}/refund", content=body)

    assert rest.status_code == 201
    assert rest.json()["amount"] == 3000
    assert client.get(path).json()["status"] == "refunded"
    refunds = client.get(f"{path}/refunds").json()
    assert [refund["amount"] for refund in refunds] == [3000, 1000]
    assert refunds[0] == rest.json()
    assert rest.json().keys() == Refund.model_fields.keys()
    assert client.get("/v1/payments/refunds").json() == refunds
    assert client.get(f"/v1/payments/refunds/{rest.json()['id']}").json() == rest.json()


@on_both_databases
def test_what_may_not_happen_is_refused_with_state_and_action(client):
    payment = _pay(client, amount=77)
    path = f"/v1/payments/{payment['id']}"

    too_early = client.post(f"{path}/refund")
    client.post(f"{path}/confirm")
    too_much = client.post(f"{path}/refund", json={"amount": 78})
    too_late = client.patch(f"/v1/payments/intents/{payment['id']}", json={"amount": 5})

    assert too_early.status_code == too_late.status_code == too_much.status_code == 400
    assert (too_early.json()["error"], too_early.json()["code"]) == (
        "invalid_state",
        "invalid_state",
    )
    assert too_early.json()["details"] == {"status": "pending", "action": "refund"}
    assert (too_much.json()["code"], too_much.json()["details"]["left"]) == ("invalid_amount", 77)
    assert too_late.json()["details"]["action"] == "edit"


def test_a_payment_is_changed_while_it_is_open_and_gets_its_customer_later(client):
    payment = _pay(client, amount=77)
    path = f"/v1/payments/intents/{payment['id']}"

    changed = client.patch(path, json={"amount": 80, "metadata": {"order": "7"}})
    attached = client.patch(path, json={"customer_id": "usr_1"})
    nothing = client.patch(path, json={})
    another = client.patch(path, json={"customer_id": "usr_2"})

    assert (changed.json()["amount"], changed.json()["metadata"]) == (80, {"order": "7"})
    assert attached.json()["customer"]["external_id"] == "usr_1"
    assert attached.json()["customer_external_id"] == "usr_1"
    assert nothing.status_code == another.status_code == 400
    # Clients take a 409 for something to try again, and this will never go another way.
    assert another.json()["code"] == "invalid_state"
    assert another.json()["details"].items() >= {"status": "pending", "action": "attach"}.items()
    assert client.get(f"/v1/payments/{payment['id']}").json() == attached.json()


def test_the_payer_s_browser_confirms_with_the_client_secret_alone(client, stranger):
    payment = _pay(client, amount=77, customer_id="ama@example.com", metadata={"note": "vip"})
    path = f"/v1/payments/{payment['id']}/confirm-intent"
    other = _pay(client, amount=78)

    confirmed = stranger.post(path, params={"client_secret": payment["client_secret"]})
    forged = stranger.post(path, params={"client_secret": other["client_secret"]})
    missing = stranger.post(path)
    nonsense = stranger.post(path, params={"client_secret": "nonsense"})

    assert confirmed.status_code == 200
    assert confirmed.json()["status"] == "succeeded"
    assert (confirmed.json()["customer"], confirmed.json()["metadata"]) == (None, {})
    assert forged.status_code == nonsense.status_code == 401
    assert missing.status_code == 400
    assert missing.json()["code"] == "missing_required_field"


@on_both_databases
def test_a_server_that_confirms_with_a_client_secret_is_told_the_whole_payment(client):
    told = {"customer_id": "ama@example.com", "metadata": {"order": "7"}}
    payment = _pay(client, amount=77, **told)
    path = f"/v1/payments/{payment['id']}/confirm-intent"
    secret = {"client_secret": payment["client_secret"]}

    once, again = [
        client.post(path, params=secret, headers={"Idempotency-Key": "once"}) for _ in range(2)
    ]

    assert once.json()["status"] == "succeeded"
    assert once.json()["metadata"] == {"order": "7"}
    assert once.json()["customer_id"] == payment["customer_id"]
    assert once.json()["customer"]["email"] == "ama@example.com"
    assert once.json()["client_secret"] == payment["client_secret"]
    assert again.json() == once.json()
    read = client.get(f"/v1/payments/{payment['id']}").json()
    # What the payer said is read, and told by no command.
    assert {name: once.json()[name] for name in read.keys() - {"payer"}} == {
        name: read[name] for name in read.keys() - {"payer"}
    }


@on_both_databases
def test_whoever_confirms_with_a_secret_and_no_key_of_this_server_is_told_what_strangers_are(
    client, merchant, stranger
):
    payment = _pay(client, amount=77, customer_id="ama@example.com", metadata={"order": "7"})
    path = f"/v1/payments/{payment['id']}/confirm-intent"
    web = client.post("/v1/api-keys", json={"name": "web", "scopes": ["checkout:write"]}).json()
    others = merchant.server.found("Esi's shop").keys["test"]
    keys = [web["raw"], others, merchant.founded.keys["live"], "pfk_test_nonsense"]
    whole = client.post(path, params={"client_secret": payment["client_secret"]})

    answers = [
        stranger.post(
            path, params={"client_secret": payment["client_secret"]}, headers={"X-Reevit-Key": key}
        )
        for key in keys
    ]

    assert whole.status_code == 200
    for answer in answers:
        assert answer.status_code == 200
        assert (answer.json()["customer_id"], answer.json()["metadata"]) == (None, {})


@on_both_databases
def test_a_browser_is_not_given_what_a_server_was_told_under_the_same_key(client, stranger):
    payment = _pay(client, amount=77, customer_id="ama@example.com", metadata={"order": "7"})
    path = f"/v1/payments/{payment['id']}/confirm-intent"
    secret, once = {"client_secret": payment["client_secret"]}, {"Idempotency-Key": "once"}
    client.post(path, params=secret, headers=once)

    answer = stranger.post(path, params=secret, headers=once)

    assert (answer.json()["customer_id"], answer.json()["metadata"]) == (None, {})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/payments/pay_x"),
        ("GET", "/v1/payments/pay_x/refunds"),
        ("GET", "/v1/payments/pay_x/status_history"),
        ("GET", "/v1/payments/refunds/ref_x"),
        ("PATCH", "/v1/payments/intents/pay_x"),
        *(
            ("POST", f"/v1/payments/pay_x/{step}")
            for step in ("confirm", "cancel", "retry", "refund", "capture", "fail", "expire")
        ),
        ("POST", "/v1/payments/pay_x/dispute"),
        ("POST", "/v1/payments/pay_x/dispute/resolve"),
        ("POST", "/v1/payments/bulk/refund"),
        ("GET", "/v1/payments/fees/summary"),
    ],
)
def test_what_is_not_there_is_a_clean_404(client, method, path):
    answer = client.request(method, path, json={"outcome": "won", "amount": 1})

    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"
    assert answer.json()["code"].endswith("not_found")


@on_both_databases
def test_payments_are_found_by_what_they_have_in_common(client):
    _pay(client, amount=4000, customer_id="usr_1", metadata={"order": "7"}, reference="INV-1")
    _pay(client, amount=4001, currency="USD", method="bank")
    _pay(client, amount=300, country="ke")

    def found(**query):
        answer = client.get("/v1/payments", params=query)
        assert answer.headers["X-Total-Count"] == str(len(answer.json()))
        return [payment["amount"] for payment in answer.json()]

    customer_id = client.get("/v1/customers/external/usr_1").json()["id"]
    assert found() == [300, 4001, 4000]
    assert found(status="failed") == [4001]
    assert found(status="cancelled") == []
    assert found(customer_id=customer_id) == [4000]
    assert found(method="bank") == [4001]
    assert found(currency="usd") == [4001]
    assert found(country="KE") == [300]
    assert found(search="inv-") == [4000]
    assert found(amount_min=301, amount_max=4000) == [4000]
    assert found(**{"metadata.order": "7"}) == [4000]
    assert found(**{"from": "2020-01-01", "to": "2020-01-02T00:00:00Z"}) == []
    assert found(**{"from": "2020-01-01"}) == [300, 4001, 4000]


@on_both_databases
def test_a_list_is_walked_by_cursor_through_its_links(client):
    for amount in range(1, 6):
        _pay(client, amount=amount)

    seen = []
    path = "/v1/payments?limit=2&currency=GHS"
    while path:
        page = client.get(path)
        seen += [payment["amount"] for payment in page.json()]
        assert page.headers["X-Total-Count"] == "5"
        path = page.links.get("next", {}).get("url")

    assert seen == [5, 4, 3, 2, 1]
    assert "Whence-Next-Cursor" not in page.headers
    offset = client.get("/v1/payments?limit=2&offset=4").json()
    assert [payment["amount"] for payment in offset] == [1]


def test_the_statuses_of_a_payment_are_told_newest_first(client):
    payment = _pay(client, amount=77)
    client.post(f"/v1/payments/{payment['id']}/cancel", json={"reason": "sold out"})

    history = client.get(f"/v1/payments/{payment['id']}/status_history").json()

    assert history[0].keys() == StatusChange.model_fields.keys()
    assert [(row["from_status"], row["to_status"], row["reason"]) for row in history] == [
        ("pending", "canceled", "sold out"),
        (None, "pending", None),
    ]
    assert all(isinstance(row["id"], int) for row in history)


@pytest.mark.parametrize("path", ["/v1/payments/export", "/v1/exports/payments"])
def test_payments_are_exported_as_json_and_as_csv(client, path):
    _pay(client, description="=1+1", metadata={"a": "b"})
    _pay(client, amount=4001)

    exported = client.get(path).json()
    table = client.get(path, params={"format": "csv", "status": "succeeded"})

    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert exported["total"] == 2
    assert exported["payments"] == client.get("/v1/payments").json()
    assert table.headers["Content-Type"].startswith("text/csv")
    assert [(row["amount"], row["description"]) for row in rows] == [("4000", "'=1+1")]
    assert rows[0]["metadata"] == '{"a":"b"}'


@on_both_databases
def test_payments_are_told_in_numbers_nested_and_flat(client):
    _pay(client, customer_id="usr_1")
    _pay(client, amount=4001)
    refunded = _pay(client)
    client.post(f"/v1/payments/{refunded['id']}/refund", json={"amount": 500})
    _pay(client, amount=9, currency="USD")

    stats = client.get("/v1/payments/stats").json()

    assert stats.keys() == Stats.model_fields.keys()
    assert stats["totals"].items() >= {"count": 3, "amount": 8000, "succeeded": 2}.items()
    assert (stats["count"], stats["success_count"], stats["failed_count"]) == (3, 2, 1)
    assert (stats["total_amount"], stats["net_amount"], stats["currency"]) == (8000, 7500, "GHS")
    assert stats["by_method"] == [{"key": "card", "count": 2, "amount": 8000}]
    assert client.get("/v1/payments/stats?period=all_time").status_code == 200
    assert client.get("/v1/payments/stats?status=cancelled").json()["count"] == 0
    errors = client.get("/v1/payments/stats/errors").json()["breakdown"]
    assert errors == [{"error_message": "the card was declined", "count": 1}]
    dollars = client.get("/v1/payments/stats/errors?currency=USD").json()["breakdown"]
    assert dollars == []
    latency = client.get("/v1/payments/stats/latency").json()
    assert sum(bucket["count"] for bucket in latency["buckets"]) == 2
    assert client.get("/v1/payments/stats?period=century").status_code == 400


@on_both_databases
def test_a_series_has_no_gaps_and_knows_time_zones(client):
    _pay(client, occurred_at="2026-01-31T23:30:00Z")
    asked = {"from": "2026-01-30", "to": "2026-02-03"}

    utc = client.get("/v1/payments/stats/series", params=asked).json()["buckets"]
    lagos = client.get("/v1/payments/stats/series", params=asked | {"tz": "Africa/Lagos"}).json()
    wrong = client.get("/v1/payments/stats/series", params=asked | {"tz": "Mars/Olympus"})

    assert [bucket["totals"]["amount"] for bucket in utc] == [0, 4000, 0, 0]
    assert (utc[0]["start"], utc[-1]["end"]) == ("2026-01-30T00:00:00Z", "2026-02-03T00:00:00Z")
    paid = [bucket for bucket in lagos["buckets"] if bucket["totals"]["amount"]]
    assert [bucket["start"] for bucket in paid] == ["2026-01-31T23:00:00Z"]
    assert wrong.status_code == 400
    assert wrong.json()["details"]["field"] == "tz"


def test_a_series_may_be_told_by_source_and_by_the_hour(client):
    _pay(client, occurred_at="2026-01-31T23:30:00Z")
    link = {"source": "payment_link", "source_id": "pl_1"}
    _pay(client, occurred_at="2026-01-31T23:59:00Z", **link)
    asked = {"from": "2026-01-31T22:00:00Z", "to": "2026-02-01", "granularity": "hour"}

    whole = client.get("/v1/payments/stats/series", params=asked).json()["buckets"]
    told = client.get("/v1/payments/stats/series", params=asked | {"group_by": "source"}).json()

    assert [(each["totals"]["amount"], each["success_rate"]) for each in whole] == [
        (0, 0),
        (8000, 1),
    ]
    assert whole[1]["by_source"] is None
    assert (told["currencies"], told["totals"]["amount"], told["success_rate"]) == (
        ["GHS"],
        8000,
        1,
    )
    assert told["buckets"][1]["totals"] == whole[1]["totals"]
    assert [(each["source"], each["amount"]) for each in told["buckets"][1]["by_source"]] == [
        ("api", 4000),
        ("payment_link", 4000),
        ("subscription", 0),
    ]


@on_both_databases
def test_the_link_that_brought_most_comes_first(client):
    _pay(client, source="payment_link", source_id="pl_1", source_description="Summer Sale")
    _pay(client, source="payment_link", source_id="pl_2", source_description="Winter Sale")
    _pay(client, source="payment_link", source_id="pl_2", source_description="Winter Sale")
    _pay(client)

    links = client.get("/v1/payments/stats/sources", params={"source": "payment_link"}).json()
    grouped = client.get("/v1/payments/stats/sources", params={"group_by": "source"}).json()

    assert links["currency"] == "GHS"
    assert [(each["source_id"], each["amount"]) for each in links["sources"]] == [
        ("pl_2", 8000),
        ("pl_1", 4000),
    ]
    assert links["sources"][0].keys() == RankedSource.model_fields.keys()
    assert links["sources"][0]["amount_share"] == 0.5
    assert {each["source"]: each["succeeded"] for each in grouped["sources"]}["payment_link"] == 3


def test_in_live_mode_the_merchant_s_word_decides(merchant):
    with merchant.client(merchant.founded.keys["live"]) as live:
        payment = _pay(live, occurred_at="2026-01-02T03:04:00Z")
        confirmed = live.post(
            f"/v1/payments/{payment['id']}/confirm",
            json={
                "provider": "hubtel",
                "provider_ref_id": "h-1",
                "occurred_at": "2026-01-02T03:04:05Z",
            },
        ).json()

    assert payment["status"] == "pending"
    assert (confirmed["status"], confirmed["provider"]) == ("succeeded", "hubtel")
    assert confirmed["succeeded_at"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("step", "about"),
    [
        ("confirm", "the payment was created"),
        ("fail", "the payment was created"),
        ("refund", "the payment succeeded"),
        ("dispute", "the payment succeeded"),
    ],
)
def test_what_cannot_have_happened_yet_is_refused_naming_both_moments(client, step, about):
    since = "2026-01-02T03:04:05.000000Z"
    amount = 4000 if about.endswith("succeeded") else 5000
    payment = _pay(client, amount=amount, occurred_at=since)

    refused = client.post(
        f"/v1/payments/{payment['id']}/{step}", json={"occurred_at": "2026-01-02T03:04:04Z"}
    )

    told = refused.json()
    assert (refused.status_code, told["code"]) == (400, "validation_error")
    assert "cannot have happened at 2026-01-02T03:04:04.000000Z" in told["message"]
    assert f"before {about} at {since}" in told["message"]
    assert (told["details"]["field"], told["details"]["not_before"]) == ("occurred_at", since)
    assert client.get(f"/v1/payments/{payment['id']}").json() == payment


def _pay(client, **more):
    body = {"amount": 4000, "currency": "GHS"} | more
    answer = client.post("/v1/payments/intents", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()
