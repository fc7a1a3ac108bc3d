"""Every figure can be explained: the facts that add up to it, to the minor unit."""

from datetime import UTC, datetime

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

FIGURES = {
    "total_spent": 1500,
    "refund_amount": 350,
    "disputed_amount": 100,
    "lifetime_value": 1050,
    "payment_count": 4,
    "successful_payments": 3,
    "failed_payments": 1,
    "total_refunds": 2,
}
COUNTS = ("payment_count", "successful_payments", "failed_payments", "total_refunds")


def pay(client, amount, **more):
    body = {"amount": amount, "currency": "GHS", "customer_id": "usr_ama"} | more
    return client.post("/v1/payments/intents", json=body).json()


def then(client, payment, step, **body):
    answer = client.post(f"/v1/payments/{payment['id']}/{step}", json=body)
    assert answer.status_code < 300, answer.text


def pages(client, path, **asked):
    """All facts, over pages, and the last page."""
    facts, cursor = [], None
    while True:
        answer = client.get(path, params=asked | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        facts += page["facts"]
        assert page["sum"] == sum(fact["adds"] for fact in facts)
        cursor = page["pagination"]["next_cursor"]
        if cursor is None:
            return facts, page


@pytest.fixture
def ama(shop):
    """A customer of a shop that is only read."""
    found = shop.get("/v1/customers/external/usr_ama")
    return found.json()["id"] if found.is_success else history_of_ama(shop)


def history_of_ama(client):
    """Two payments that succeeded, one of them through a link, and one that failed."""
    first = pay(client, 1000, source="payment_link", source_id="pl_summer", country="GH")
    then(client, first, "confirm")
    then(client, first, "refund", amount=300)
    then(client, first, "refund", amount=50)
    then(client, first, "dispute", amount=100)
    then(client, first, "dispute/resolve", outcome="lost")
    second = pay(client, 500, occurred_at="2026-01-01T00:00:00Z")
    then(client, second, "fail", code="card_declined", message="no")
    then(client, second, "retry")
    then(client, second, "confirm", occurred_at="2026-01-02T00:00:00Z")
    third = pay(client, 77)
    then(client, third, "fail", code="card_declined", message="no")
    pay(client, 9999, customer_id="usr_kofi")
    then(client, pay(client, 8888, customer_id="usr_kofi"), "confirm")
    then(client, pay(client, 4, currency="NGN"), "confirm")
    return first["customer_id"]


@on_both_databases
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_the_facts_of_a_figure_of_a_profile_add_up_to_it(shop, ama, limit):
    shown = shop.get(f"/v1/customers/{ama}").json()

    for figure, value in FIGURES.items():
        facts, last = pages(shop, f"/v1/customers/{ama}/explain", figure=figure, limit=limit)
        assert (last["figure"], last["currency"]) == (figure, None if figure in COUNTS else "GHS")
        assert last["sum"] == last["value"] == shown[figure] == value
        assert len({fact["position"] for fact in facts}) == len(facts)


@on_both_databases
def test_a_count_is_explained_in_one_currency_when_one_is_asked_for(shop, ama):
    path = f"/v1/customers/{ama}/explain"
    (naira,) = shop.get(f"/v1/customers/{ama}").json()["totals_by_currency"][1:]

    facts, last = pages(shop, path, figure="successful_payments", currency="NGN")

    assert last["currency"] == naira["currency"] == "NGN"
    assert len(facts) == last["value"] == naira["successful_payments"] == 1


def test_each_fact_says_when_by_whom_and_how_much(client):
    ama = history_of_ama(client)
    payment = pay(client, 60, occurred_at="2026-03-04T05:06:00Z")
    confirmed = client.post(
        f"/v1/payments/{payment['id']}/confirm",
        json={"occurred_at": "2026-03-04T05:06:07Z"},
        headers={"X-Actor-Id": "usr_kofi"},
    )

    facts, _ = pages(client, f"/v1/customers/{ama}/explain", figure="total_spent", limit=50)

    (fact,) = [each for each in facts if each["payment_id"] == payment["id"]]
    assert fact.pop("recorded_at") > "2026-03-04T05:06:07Z"
    assert fact == {
        "position": int(confirmed.headers["Whence-Position"]),
        "topic": "payment.succeeded",
        "payment_id": payment["id"],
        "occurred_at": "2026-03-04T05:06:07Z",
        "actor": "usr_kofi",
        "reason": None,
        "adds": 60,
    }


@on_both_databases
@pytest.mark.parametrize("limit", [1, 50])
def test_late_money_and_another_amount_count_in_every_figure(client, limit):
    january, february, march = (f"2026-0{month}-01T00:00:00Z" for month in (1, 2, 3))
    late = pay(client, 1000, occurred_at=january)
    then(client, late, "fail", occurred_at=march)
    other = pay(client, 700, occurred_at=january)
    then(client, other, "confirm", amount=650, occurred_at=january)
    customer = f"/v1/customers/{late['customer_id']}"
    failed = client.get(customer).json()
    assert (failed["failed_payments"], failed["successful_payments"]) == (1, 1)

    # What was paid in February, and is told of now.
    then(client, late, "confirm", provider_ref_id="mt_1", amount=990, occurred_at=february)

    told = client.get(customer).json()
    assert (told["total_spent"], told["successful_payments"]) == (1640, 2)
    assert told["failed_payments"] == 0
    again = client.get(f"/v1/payments/{late['id']}").json()
    assert (again["status"], again["net_amount"], again["failure_code"]) == ("succeeded", 990, None)
    assert (again["amount"], again["captured_amount"]) == (1000, 990)
    (source,) = client.get("/v1/payments/stats/sources").json()["sources"]
    assert (source["amount"], source["succeeded"]) == (1640, 2)
    series = {"from": february, "to": "2026-02-02T00:00:00Z", "granularity": "day"}
    (day,) = client.get("/v1/payments/stats/series", params=series).json()["buckets"]
    assert day["totals"]["amount"] == 990
    facts, last = pages(client, f"{customer}/explain", figure="failed_payments", limit=limit)
    assert [(fact["topic"], fact["adds"]) for fact in facts] == [
        ("payment.failed", 1),
        ("payment.succeeded", -1),
    ]
    assert last["value"] == last["sum"] == 0
    facts, last = pages(client, f"{customer}/explain", figure="total_spent", limit=limit)
    assert [fact["adds"] for fact in facts] in ([990, 650], [650, 990])
    assert last["value"] == last["sum"] == 1640


@on_both_databases
def test_a_chargeback_after_the_refund_explains_a_value_below_zero(client):
    payment = pay(client, 4000)
    then(client, payment, "refund", amount=4000)
    then(client, payment, "dispute", reason="not received")
    then(client, payment, "dispute/resolve", outcome="lost")
    customer = f"/v1/customers/{payment['customer_id']}"

    told = client.get(customer).json()
    facts, last = pages(client, f"{customer}/explain", figure="lifetime_value", limit=50)
    (source,) = client.get("/v1/payments/stats/sources").json()["sources"]
    stats = client.get("/v1/payments/stats?period=all").json()
    again = client.get(f"/v1/payments/{payment['id']}").json()

    assert (told["total_spent"], told["refund_amount"], told["disputed_amount"]) == (4000,) * 3
    assert last["value"] == last["sum"] == told["lifetime_value"] == -4000
    assert [(fact["topic"], fact["adds"]) for fact in facts] == [
        ("payment.succeeded", 4000),
        ("payment.refunded", -4000),
        ("payment.dispute_lost", -4000),
    ]
    assert (source["net_amount"], stats["net_amount"]) == (-4000, -4000)
    assert (again["status"], again["disputed_amount"]) == ("refunded", 4000)
    assert client.get("/v1/customers/top").json()["customers"][0]["total_spent"] == 4000


@on_both_databases
@pytest.mark.parametrize("asked", [{}, {"from": "2026-01-01", "to": "2026-01-03"}])
@pytest.mark.usefixtures("ama")
def test_so_do_those_of_a_row_of_the_sources(shop, asked):
    rows = shop.get("/v1/payments/stats/sources", params=asked).json()["sources"]

    assert rows
    for row in rows:
        named = {"source": row["source"]}
        if row["source_id"]:
            named["source_id"] = row["source_id"]
        for figure in ("count", "succeeded", "amount", "refunded_amount", "net_amount"):
            _, last = pages(
                shop,
                "/v1/payments/stats/sources/explain",
                figure=figure,
                limit=1,
                **named,
                **asked,
            )
            assert last["sum"] == last["value"] == row[figure]


@on_both_databases
@pytest.mark.parametrize("asked", [{}, {"from": "2026-01-01", "to": "2026-01-03"}])
@pytest.mark.usefixtures("ama")
def test_so_do_those_of_the_totals_of_a_range(shop, asked):
    period = {} if asked else {"period": "all"}
    series = {"granularity": "all", **asked, **period}
    totals = shop.get("/v1/payments/stats/series", params=series).json()["totals"]

    for figure in ("count", "amount", "refunded_amount", "disputed_amount", "net_amount"):
        _, last = pages(shop, "/v1/payments/stats/explain", figure=figure, limit=2, **asked)

        assert last["sum"] == last["value"] == totals[figure]


@on_both_databases
@pytest.mark.parametrize(
    "asked",
    [{}, {"period": "30d"}, {"from": "2026-01-01", "to": "2026-01-03"}, {"country": "GH"}],
)
@pytest.mark.parametrize("metric", ["total_spent", "payment_count"])
def test_so_do_those_of_a_place_in_the_ranking(shop, ama, asked, metric):
    ranking = shop.get("/v1/customers/top", params=asked | {"metric": metric}).json()
    place = next(row for row in ranking["customers"] if row["id"] == ama)

    _, last = pages(
        shop, "/v1/customers/top/explain", customer_id=ama, metric=metric, limit=1, **asked
    )

    assert last["sum"] == last["value"] == place["ranked_by"][metric]
    assert last["value"] > 0


def test_what_belongs_to_nobody_is_not_found(shop, ama):
    nobody = shop.get("/v1/customers/cus_nobody/explain")
    unranked = shop.get("/v1/customers/top/explain?customer_id=cus_nobody")
    elsewhere = shop.get(f"/v1/customers/top/explain?customer_id={ama}&currency=KES")

    assert [answer.status_code for answer in (nobody, unranked, elsewhere)] == [404] * 3
    assert nobody.json()["code"] == "customer_not_found"
    assert unranked.json()["code"] == elsewhere.json()["code"] == "not_in_ranking"


def test_in_another_currency_there_may_be_nothing_to_explain(shop, ama):
    facts, last = pages(shop, f"/v1/customers/{ama}/explain", currency="NGN")
    assert (last["value"], last["sum"], len(facts)) == (4, 4, 1)

    facts, last = pages(shop, f"/v1/customers/{ama}/explain", currency="KES")
    assert (last["value"], last["sum"], facts) == (0, 0, [])


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMiwzXQ", "WyJ4IiwwLCIwIl0", "é"])
def test_a_cursor_of_another_list_is_refused(shop, ama, cursor):
    answer = shop.get(f"/v1/customers/{ama}/explain", params={"cursor": cursor})

    assert answer.status_code == 400
    assert answer.json()["details"]["field"] == "cursor"


def test_the_past_is_explained_too(client):
    ama = history_of_ama(client)
    asked = {"as_of": "2026-01-01T12:00:00Z", "figure": "count", "source": "api"}
    facts, last = pages(client, "/v1/payments/stats/sources/explain", **asked)
    assert (last["value"], last["sum"], len(facts)) == (1, 1, 1)

    later = client.get("/v1/payments", params={"as_of": "2026-01-02T12:00:00Z"}).json()
    then(client, later[0], "refund", amount=20)
    asked = asked | {"as_of": "2026-01-02T12:00:00Z", "figure": "net_amount"}
    facts, last = pages(client, "/v1/payments/stats/sources/explain", **asked)
    assert (last["value"], last["sum"], len(facts)) == (500, 500, 1)

    known_at = datetime.now(UTC).isoformat()
    then(client, pay(client, 60), "confirm")
    facts, last = pages(client, f"/v1/customers/{ama}/explain", known_at=known_at)
    assert last["sum"] == last["value"] == FIGURES["lifetime_value"] - 20
