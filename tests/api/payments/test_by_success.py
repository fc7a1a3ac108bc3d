"""Lists and exports by when money moved: what is in them adds up to the revenue of those days."""

import csv
import io

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

APRIL = {"from": "2026-04-01", "to": "2026-05-01", "tz": "Africa/Lagos"}
BY_SUCCESS = {"succeeded_from": "2026-04-01", "succeeded_to": "2026-05-01", "tz": "Africa/Lagos"}


def on(day, hour=12):
    return f"2026-{day}T{hour:02}:00:00Z"


def pay(client, amount, created, succeeded=None, **more):
    body = {"amount": amount, "currency": "GHS", "occurred_at": created, "reference": f"{amount}"}
    payment = client.post("/v1/payments/intents", json=body | more).raise_for_status().json()
    if succeeded:
        then(client, payment, "confirm", succeeded)
    return payment


def then(client, payment, step, at, **body):
    answer = client.post(f"/v1/payments/{payment['id']}/{step}", json=body | {"occurred_at": at})
    answer.raise_for_status()


def dispute(client, payment, amount, opened, decided=None, outcome="lost"):
    then(client, payment, "dispute", opened, amount=amount, reason=f"{amount}")
    if decided:
        then(client, payment, "dispute/resolve", decided, outcome=outcome)


def get(client, path, **asked):
    return client.get(path, params=asked).raise_for_status().json()


@pytest.fixture
def year(shop):
    """A shop with a year of payments, which is only read."""
    if not get(shop, "/v1/payments"):
        live_through(shop)
    return shop


def live_through(client):
    """Payments, refunds and disputes around April as Lagos knows it, an hour before UTC."""
    march = pay(client, 1, on("03-20"), on("03-21"))
    late = pay(client, 10, on("03-31"), on("03-31", 23))
    april = pay(client, 100, on("04-02"), on("04-03"))
    pay(client, 1000, on("04-30"), on("04-30", 23))
    pay(client, 10_000, on("04-10"))
    dollars = pay(client, 7, on("04-10"), on("04-11"), currency="USD")
    then(client, april, "refund", on("04-30", 22), amount=20)
    then(client, april, "refund", on("04-30", 23), amount=30)
    then(client, dollars, "refund", on("04-20"), amount=2)
    dispute(client, march, 1, on("03-25"), on("04-05"))
    dispute(client, late, 4, on("04-05"), on("05-05"))
    dispute(client, april, 25, on("04-05"), on("04-25"), outcome="won")
    dispute(client, april, 40, on("04-26"))


@on_both_databases
def test_the_exports_of_april_add_up_to_its_revenue(year):
    paid = get(year, "/v1/exports/payments", **BY_SUCCESS)["payments"]
    refunds = get(year, "/v1/exports/refunds", **APRIL)["refunds"]
    disputes = get(year, "/v1/exports/disputes", **APRIL)["disputes"]

    for currency, net in {"GHS": 10 + 100 - 20 - 1, "USD": 7 - 2}.items():
        shown = get(year, "/v1/payments/stats/series", **APRIL, currency=currency)["buckets"]
        whole = {name: sum(each["totals"][name] for each in shown) for name in shown[0]["totals"]}
        stats = get(year, "/v1/payments/stats", **APRIL, currency=currency)
        mine = [each for each in paid if each["currency"] == currency]
        back = [each for each in refunds if each["currency"] == currency]
        lost = [each for each in disputes if each["currency"] == currency]
        added = {
            "amount": sum(each["captured_amount"] for each in mine),
            "refunded_amount": sum(each["amount"] for each in back),
            "disputed_amount": sum(each["disputed_amount"] for each in lost),
        }
        assert added.items() <= whole.items()
        assert (whole["succeeded"], whole["refunded"]) == (len(mine), len(back))
        assert added["amount"] - added["refunded_amount"] - added["disputed_amount"] == net
        assert stats["net_amount"] == net


@on_both_databases
def test_a_list_by_payer_tells_first_payments_from_further_ones_and_guests(client):
    ama = {"customer_id": client.post("/v1/customers", json={"external_id": "ama"}).json()["id"]}
    pay(client, 30, on("04-03"), on("04-03"), **ama)
    pay(client, 20, on("04-02"), on("04-02"), **ama)
    pay(client, 10, on("04-01"), **ama)
    pay(client, 5, on("04-01"), on("04-04"))
    pay(client, 4, on("04-01"))

    def found(payer, **asked):
        asked |= {"payer": payer}
        listed = [each["amount"] for each in get(client, "/v1/payments", **asked)]
        exported = get(client, "/v1/exports/payments", **asked)["payments"]
        assert [each["amount"] for each in exported] == listed
        return listed

    assert found("new") == [20]
    assert found("returning") == [30]
    assert found("guest") == [5]
    assert found("guest", succeeded_to="2026-04-04") == []
    refused = client.get("/v1/payments?payer=somebody")
    assert (refused.status_code, refused.json()["details"]["field"]) == (400, "payer")


@on_both_databases
def test_a_list_by_success_is_read_by_success_whenever_a_payment_was_created(year):
    def found(**asked):
        answer = year.get("/v1/payments", params=asked).raise_for_status()
        assert answer.headers["X-Total-Count"] == str(len(answer.json()))
        return [each["amount"] for each in answer.json()]

    assert found(**BY_SUCCESS) == [7, 100, 10]
    assert found(**APRIL) == [1000, 7, 10_000, 100]
    assert found(**APRIL | BY_SUCCESS) == [7, 100]
    assert found(succeeded_from="2026-04-10") == [1000, 7]
    assert found(succeeded_to=on("03-31", 23)) == [1]
    assert found(**BY_SUCCESS, status="disputed") == [100]
    assert found(**BY_SUCCESS, status="failed") == []
    assert found(**BY_SUCCESS, currency="USD") == [7]
    pages, path = [], "/v1/payments?limit=1&succeeded_from=2026-03-01"
    while path:
        page = year.get(path)
        pages += [each["amount"] for each in page.json()]
        path = page.links.get("next", {}).get("url")
    assert pages == [1000, 7, 100, 10, 1]


@on_both_databases
def test_the_payments_of_a_customer_and_of_a_link_are_found_by_success_too(client):
    link = {"source": "payment_link", "source_id": "pl_1", "source_description": "Sale"}
    pay(client, 10, on("03-31"), on("04-01"), customer_id="usr_ama", **link)
    pay(client, 20, on("04-30"), on("05-01", 1), customer_id="usr_ama")
    pay(client, 40, on("04-30"), on("04-30"), customer_id="usr_kofi", **link)
    in_april = {"succeeded_from": "2026-04-01", "succeeded_to": "2026-05-01"}

    def amounts(body):
        return [each["amount"] for each in body]

    mine = get(client, "/v1/customers/external/usr_ama/payments", **in_april)["payments"]
    created = get(client, "/v1/customers/external/usr_ama/payments", **APRIL)["payments"]
    sold = get(client, "/v1/payments", **in_april, source_id="pl_1")

    assert (amounts(mine), amounts(created), amounts(sold)) == ([10], [20], [40, 10])


@on_both_databases
def test_refunds_and_disputes_are_listed_by_their_own_moment(year):
    refunds = get(year, "/v1/payments/refunds", **APRIL)
    disputes = get(year, "/v1/payments/disputes", **APRIL)

    assert [each["amount"] for each in refunds] == [20, 2]
    assert [each["amount"] for each in get(year, "/v1/payments/refunds")] == [30, 20, 2]
    assert get(year, "/v1/payments/refunds", currency="USD") == refunds[1:]
    assert [(each["amount"], each["status"], each["disputed_amount"]) for each in disputes] == [
        (40, "open", 0),
        (25, "won", 0),
        (1, "lost", 1),
    ]
    assert [each["decided_at"] for each in disputes] == [None, on("04-25"), on("04-05")]
    lost = get(year, "/v1/payments/disputes", status="lost")
    assert [(each["amount"], each["created_at"]) for each in lost] == [
        (4, on("04-05")),
        (1, on("03-25")),
    ]
    (of_one,) = get(year, "/v1/payments/disputes", payment_id=lost[0]["payment_id"])
    assert of_one == lost[0]
    past = get(year, "/v1/payments/disputes", as_of=on("03-26"))
    assert [(each["amount"], each["status"]) for each in past] == [(1, "open")]


@on_both_databases
def test_a_lost_dispute_shows_in_the_row_of_its_payment(year):
    listed = {each["amount"]: each for each in get(year, "/v1/payments")}
    exported = get(year, "/v1/exports/payments")["payments"]
    table = year.get("/v1/exports/payments", params={"format": "csv"}).text

    assert {amount: row["disputed_amount"] for amount, row in listed.items()} == {
        **dict.fromkeys((7, 100, 1000, 10_000), 0),
        1: 1,
        10: 4,
    }
    assert {each["id"]: each for each in exported} == {each["id"]: each for each in listed.values()}
    assert sum(int(each["disputed_amount"]) for each in csv.DictReader(io.StringIO(table))) == 5


@on_both_databases
def test_a_customer_is_meant_in_a_question_as_where_a_payment_is_created(client):
    ama = client.post(
        "/v1/customers", json={"external_id": "usr_ama", "email": "ama@example.com"}
    ).json()["id"]
    for amount in (10, 20):
        payment = pay(client, amount, on("04-01"), on("04-02"), customer_id=ama)
    then(client, payment, "refund", on("04-03"), amount=5)
    dispute(client, payment, 3, on("04-04"))
    pay(client, 40, on("04-01"), on("04-02"), customer_id="usr_kofi")

    for named in ("usr_ama", "ama@example.com", "AMA@example.com", ama):
        asked = {"customer_id": named}
        assert [each["amount"] for each in get(client, "/v1/payments", **asked)] == [20, 10]
        for path in ("/v1/payments/export", "/v1/exports/payments"):
            assert get(client, path, **asked)["total"] == 2
        assert [each["amount"] for each in get(client, "/v1/payments/refunds", **asked)] == [5]
        assert get(client, "/v1/exports/refunds", **asked)["total"] == 1
        (disputed,) = get(client, "/v1/payments/disputes", **asked)
        assert (disputed["amount"], disputed["customer_id"]) == (3, ama)
        assert get(client, "/v1/exports/disputes", **asked)["disputes"] == [disputed]
        assert get(client, "/v1/payments/stats", **asked, period="all")["total_amount"] == 30
        assert get(client, "/v1/customers/top/explain", **asked)["value"] == 30

    assert get(client, "/v1/payments", customer_id="usr_nobody") == []
    client.delete(f"/v1/customers/{ama}").raise_for_status()
    assert len(get(client, "/v1/payments", customer_id=ama)) == 2
