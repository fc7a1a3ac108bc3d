"""The past over HTTP: as it was, as it was known, and why a figure is what it is."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from domain.payment import Payment
from projections.engine.time_travel.reader import PastReader
from projections.engine.time_travel.table_reader import TableReader
from projections.facts_about import of_names
from projections.figures_as_of import PAST
from projections.read_models import DEFINITIONS

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

JANUARY, FEBRUARY, MARCH = "2026-01-10T00:00:00Z", "2026-02-10T00:00:00Z", "2026-03-10T00:00:00Z"


def pay(client, amount, at, **more):
    body = {"amount": amount, "currency": "GHS", "customer_id": "usr_ama", "occurred_at": at}
    payment = client.post("/v1/payments/intents", json=body | more).json()
    confirmed = client.post(f"/v1/payments/{payment['id']}/confirm", json={"occurred_at": at})
    assert confirmed.status_code == 200, confirmed.text
    return confirmed.json()


def refund(client, payment, amount, at, **headers):
    body = {"amount": amount, "occurred_at": at}
    answer = client.post(f"/v1/payments/{payment['id']}/refund", json=body, headers=headers)
    assert answer.status_code < 300, answer.text


def paid_too_early(merchant, payment_id, at):
    async def collect(work):
        payment = await work.load_for_update(Payment, payment_id)
        payment.collect(work.now)
        vars(payment.pending_events[-1])["occurred_at"] = payment.succeeded_at = at

    server = merchant.server
    collecting = server.parts.handler.perform(merchant.book, collect)
    asyncio.run_coroutine_threadsafe(collecting, server.loop).result(timeout=20)


def get(client, path, **asked):
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def ama(client):
    """A customer who was registered today, with payments and a refund of the year so far."""
    first = pay(client, 1000, JANUARY)
    pay(client, 500, MARCH)
    refund(client, first, 300, FEBRUARY, **{"X-Actor-Id": "usr_kofi"})
    return first["customer_id"]


@on_both_databases
def test_every_kind_of_question_is_answered_as_of_a_moment(client, ama):
    asked = {"as_of": "2026-02-20"}

    totals = get(client, "/v1/payments/stats", **asked, period="all")["totals"]
    assert (totals["amount"], totals["refunded_amount"], totals["succeeded"]) == (1000, 300, 1)
    sources = get(client, "/v1/payments/stats/sources", **asked)["sources"]
    assert [(row["source"], row["net_amount"]) for row in sources] == [("api", 700)]
    assert [row["amount"] for row in get(client, "/v1/payments", **asked)] == [1000]
    assert [row["amount"] for row in get(client, "/v1/payments/refunds", **asked)] == [300]
    assert get(client, "/v1/payments/export", **asked)["total"] == 1
    assert client.get("/v1/payments/export", params=asked | {"format": "csv"}).text.count("pay_")
    # Who was registered today is not there yet, whatever was paid.
    assert client.get(f"/v1/customers/{ama}", params=asked).status_code == 404
    assert get(client, "/v1/customers/top", **asked)["customers"] == []
    assert get(client, "/v1/customers/top")["customers"][0]["total_spent"] == 1500


@on_both_databases
def test_what_was_not_created_yet_counts_and_is_in_no_list(client, merchant):
    """A payment that was asked for here today, and had been paid in January.

    Releases before this one recorded that, and what they recorded is read for ever.
    """
    body = {"amount": 1000, "currency": "GHS", "customer_id": "usr_ama"}
    payment = client.post("/v1/payments/intents", json=body).json()
    paid = f"/v1/payments/{payment['id']}"
    paid_too_early(merchant, payment["id"], datetime.fromisoformat(JANUARY))
    refund(client, payment, 400, FEBRUARY)
    asked = {"as_of": MARCH}

    stats = get(client, "/v1/payments/stats", **asked, period="all")
    assert (stats["count"], stats["success_count"], stats["total_amount"]) == (0, 1, 1000)
    assert stats["net_amount"] == 600
    (source,) = get(client, "/v1/payments/stats/sources", **asked)["sources"]
    assert (source["count"], source["succeeded"], source["net_amount"]) == (0, 1, 600)
    in_range = {"from": JANUARY, "to": MARCH}
    assert get(client, "/v1/payments/stats/sources", **asked, **in_range)["sources"] == [source]
    assert [row["amount"] for row in get(client, "/v1/payments/refunds", **asked)] == [400]
    for fitting in ({}, {"customer_id": payment["customer_id"]}, {"status": "partially_refunded"}):
        assert get(client, "/v1/payments", **asked, **fitting) == []
        assert len(get(client, "/v1/payments", **fitting)) == 1
    assert get(client, "/v1/payments/export", **asked)["payments"] == []
    for path in (paid, f"{paid}/refunds", f"{paid}/status_history"):
        assert client.get(path, params=asked).status_code == 404
    assert get(client, "/v1/payments/stats/latency", **asked, period="all")["buckets"]


@on_both_databases
def test_a_payment_is_nobodys_until_it_is_attached_whatever_later_facts_say(client):
    ama = client.post("/v1/customers", json={"external_id": "usr_ama"}).json()["id"]
    payment = pay(client, 1000, JANUARY, customer_id=None)
    before = datetime.now(UTC).isoformat()
    attached = client.patch(f"/v1/payments/intents/{payment['id']}", json={"customer_id": ama})
    assert attached.status_code == 200, attached.text
    refund(client, payment, 300, FEBRUARY)

    then, now = (get(client, f"/v1/customers/{ama}", as_of=at) for at in (before, "9000-01-01"))

    assert (then["payment_count"], then["total_spent"], then["refund_amount"]) == (0, 0, 0)
    assert (now["payment_count"], now["total_spent"], now["refund_amount"]) == (1, 1000, 300)
    assert get(client, "/v1/payments", as_of=before)[0]["customer_id"] is None


@on_both_databases
def test_what_was_known_is_not_what_had_happened(client, ama):
    known_at = datetime.now(UTC).isoformat()
    pay(client, 9000, JANUARY)

    then = get(client, f"/v1/customers/{ama}", known_at=known_at)
    now = get(client, f"/v1/customers/{ama}")
    by_january = get(client, "/v1/payments/stats", as_of="2026-01-20", period="all")
    known = get(client, "/v1/payments/stats", as_of="2026-01-20", known_at=known_at, period="all")

    assert (then["total_spent"], now["total_spent"]) == (1500, 10500)
    assert by_january["totals"]["amount"] == 10000
    assert known["totals"]["amount"] == 1000


@pytest.mark.usefixtures("ama")
def test_periods_end_at_the_moment_that_is_asked_about(client):
    month = {"period": "month", "as_of": "2026-03-01"}
    assert get(client, "/v1/payments/stats", **month)["totals"]["refunded_amount"] == 300
    assert get(client, "/v1/payments/stats", **month)["totals"]["amount"] == 0

    series = get(client, "/v1/payments/stats/series", **month)
    assert series["buckets"][-1]["end"] == "2026-03-01T00:00:00Z"
    days = [bucket["start"] for bucket in series["buckets"] if bucket["totals"]["refunded_amount"]]
    assert days == ["2026-02-10T00:00:00Z"]


def test_a_payment_of_the_past_says_what_its_payer_said(client, stranger):
    link = client.post("/v1/payment-links", json={"name": "Tea", "amount": 100, "currency": "EUR"})
    said = {"email": "ada@example.com", "name": "Ada"}
    paid = stranger.post(f"/v1/pay/{link.json()['code']}/pay", json=said).json()
    path, at = f"/v1/payments/{paid['id']}", datetime.now(UTC).isoformat()

    payers = [get(client, path, **moment)["payer"] for moment in ({}, {"as_of": at})]

    assert payers[0]["name"] == "Ada"
    assert payers == [get(client, path, known_at=at)["payer"], payers[0]]


def test_a_moment_to_come_is_the_present(client, ama):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()

    for name in ("as_of", "known_at"):
        told = client.get(f"/v1/customers/{ama}", params={name: tomorrow})
        assert told.json() == get(client, f"/v1/customers/{ama}")


@pytest.mark.parametrize("name", ["as_of", "known_at"])
def test_a_moment_nobody_can_read_is_refused(client, name):
    answer = client.get("/v1/customers", params={name: "yesterday"})

    assert answer.status_code == 400
    assert answer.json()["details"]["field"] == name


def test_the_answer_says_which_position_it_shows(client, ama):
    known_at = datetime.now(UTC).isoformat()
    path = f"/v1/customers/{ama}"
    then = client.get(path).headers["Whence-Position"]
    pay(client, 1, JANUARY)

    told = client.get(path, params={"known_at": known_at})

    assert told.headers["Whence-Position"] == then
    assert int(client.get(path).headers["Whence-Position"]) > int(then)
    assert "Whence-Behind" not in told.headers


@pytest.mark.usefixtures("ama")
def test_pages_of_the_past_follow_each_other(client):
    asked = {"as_of": "2026-12-01", "known_at": datetime.now(UTC).isoformat(), "limit": 1}
    first = client.get("/v1/payments", params=asked)
    pay(client, 77, "2026-02-01T00:00:00Z")

    second = client.get(first.headers["Link"].partition(">")[0].removeprefix("<"))

    assert [row["amount"] for row in first.json() + second.json()] == [500, 1000]
    assert "Link" not in second.headers


def test_a_book_with_too_many_facts_is_refused_and_told_why(new_server):
    server = new_server()
    with PastReader(server.ledger, DEFINITIONS, most_facts=3, most_bytes=1) as past:
        small = new_server(past=past)
        founded = small.found("Ama's shop")
        headers = {"X-Reevit-Key": founded.keys["test"]}
        with httpx.Client(base_url=small.url, headers=headers) as client:
            pay(client, 1000, JANUARY)
            answer = client.get("/v1/payments", params={"as_of": FEBRUARY})

    assert answer.status_code == 400
    assert answer.json()["code"] == "book_too_large"
    # Not how many there are: whoever may not read customers would count them by it.
    assert answer.json()["details"] == {"limit": 3}


@on_both_databases
def test_of_a_few_facts_the_past_is_told_whatever_the_size_of_the_book(new_server):
    server = new_server()
    with PastReader(server.ledger, DEFINITIONS, most_facts=9, most_bytes=1) as past:
        large = new_server(past=past)
        headers = {"X-Reevit-Key": large.found("Ama's shop").keys["test"]}
        with httpx.Client(base_url=large.url, headers=headers) as client:
            paid = pay(client, 1000, JANUARY)
            refund(client, paid, 300, FEBRUARY)
            for _ in range(5):
                pay(client, 500, JANUARY, customer_id="usr_kofi")
            ama, refunded = paid["customer_id"], f"/v1/payments/{paid['id']}/refunds"
            before = datetime.now(UTC).isoformat()
            client.patch(f"/v1/customers/{ama}", json={"external_id": "usr_esi", "name": "Esi"})
            refund(client, paid, 100, MARCH)
            asked = {"known_at": before}

            by_id = get(client, f"/v1/customers/{ama}", **asked)
            assert (by_id["total_spent"], by_id["refund_amount"], by_id["name"]) == (
                1000,
                300,
                None,
            )
            assert get(client, "/v1/customers/external/usr_ama", **asked) == by_id
            assert get(client, "/v1/customers/lookup", external_id="usr_ama", **asked) == by_id
            for nobody in ("/v1/customers/external/usr_esi", "/v1/customers/external/usr_yaw"):
                assert client.get(nobody, params=asked).status_code == 404
            assert get(client, f"/v1/customers/{ama}/sources", **asked)["by_source"]
            assert len(get(client, f"/v1/customers/{ama}/facts", **asked)["facts"]) == 4
            explained = get(client, f"/v1/customers/{ama}/explain", **asked)
            assert explained["value"] == explained["sum"] == 700
            assert len(get(client, refunded, **asked)) == 1
            assert get(client, f"/v1/payments/{paid['id']}", **asked)["refunded_amount"] == 300
            assert client.get("/v1/customers/top", params=asked).status_code == 400
            # What Kofi paid are too many facts themselves.
            kofi = client.get("/v1/customers/external/usr_kofi", params=asked)
            assert kofi.json()["code"] == "book_too_large"


@on_both_databases
def test_figures_of_a_large_book_are_told_without_folding_it(new_server):
    server = new_server()
    tables = TableReader(PAST, server.parts.views, of_names)
    with PastReader(server.ledger, DEFINITIONS, most_facts=9, most_bytes=1, tables=tables) as past:
        large = new_server(past=past)
        headers = {"X-Reevit-Key": large.found("Ama's shop").keys["test"]}
        with httpx.Client(base_url=large.url, headers=headers) as client:
            paid = pay(client, 1000, JANUARY)
            for _ in range(4):
                pay(client, 100, FEBRUARY, customer_id="usr_kofi")
            refund(client, paid, 300, FEBRUARY)
            before = datetime.now(UTC).isoformat()
            client.patch(f"/v1/customers/{paid['customer_id']}", json={"name": "Ama"})
            pay(client, 9000, MARCH, customer_id="usr_kofi")
            asked = {"known_at": before}

            top = get(client, "/v1/customers/top", **asked)["customers"]
            assert [(row["total_spent"], row["name"]) for row in top] == [(1000, None), (400, None)]
            assert [row["refund_amount"] for row in top] == [300, 0]
            totals = get(client, "/v1/payments/stats", **asked, period="all")["totals"]
            assert [totals[name] for name in ("amount", "refunded_amount")] == [1400, 300]
            (source,) = get(client, "/v1/payments/stats/sources", **asked)["sources"]
            assert (source["count"], source["net_amount"], source["customers"]) == (5, 1100, 2)
            february = {"from": FEBRUARY, "to": MARCH, "as_of": "2026-03-01"}
            series = get(client, "/v1/payments/stats/series", **february)
            assert sum(each["totals"]["amount"] for each in series["buckets"]) == 400
            assert get(client, "/v1/customers/stats/series", **february)["buckets"]
            assert client.get("/v1/payments", params=asked).json()["code"] == "book_too_large"


def test_who_asks_for_too_much_of_the_past_is_told_when_to_come_back(new_server):
    server = new_server()
    with PastReader(
        server.ledger, DEFINITIONS, most_facts=99, most_bytes=2**28, facts_per_minute=1
    ) as past:
        limited = new_server(past=past)
        headers = {"X-Reevit-Key": limited.found("Ama's shop").keys["test"]}
        with httpx.Client(base_url=limited.url, headers=headers) as client:
            pay(client, 1000, JANUARY)
            first = get(client, "/v1/payments", as_of=FEBRUARY)
            refused = client.get("/v1/payments/export", params={"as_of": MARCH})
            again = get(client, "/v1/payments", as_of=FEBRUARY)

    assert [row["amount"] for row in first] == [1000]
    assert again == first
    told = refused.json()
    assert refused.status_code == 429
    assert (told["error"], told["code"]) == ("rate_limited", "rate_limit_exceeded")
    assert int(refused.headers["Retry-After"]) == told["retry_after"] > 60
    assert "1 facts a minute" in told["message"]


@pytest.mark.usefixtures("ama")
def test_twenty_who_ask_at_once_cost_one_fold(merchant):
    past = merchant.server.parts.past
    before = past.folds

    async def ask_together():
        headers = {"X-Reevit-Key": merchant.founded.keys["test"]}
        async with httpx.AsyncClient(base_url=merchant.server.url, headers=headers) as client:
            asked = [
                client.get("/v1/customers/top", params={"as_of": "2026-10-01"}) for _ in range(20)
            ]
            return await asyncio.gather(*asked)

    told = asyncio.run(ask_together())

    assert {answer.status_code for answer in told} == {200}
    assert past.folds == before + 1


def test_commands_take_no_notice(client):
    answer = client.post(
        "/v1/payments/intents?as_of=nonsense&known_at=2020-01-01",
        json={"amount": 1000, "currency": "GHS"},
    )

    assert answer.status_code == 201
