"""Days of a time zone: what a date without a time means, on every route that takes one."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

# Never the same day on both sides of the date line.
EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"

DATES = {"from", "to", "created_after", "created_before", "as_of", "known_at"}


def its_day(shop):
    """That of the shop, in the east; how long ago it was lived does not matter."""
    *_, first = shop.get("/v1/payments").json()
    return datetime.fromisoformat(first["created_at"]).astimezone(ZoneInfo(EAST)).date()


def pay(client, **more):
    body = {"amount": 4000, "currency": "GHS", "customer_id": "usr_ama"} | more
    return client.post("/v1/payments/intents", json=body).raise_for_status().json()


@pytest.fixture
def customer_id(shop):
    """Of a shop that is only read: the customer with what there is of today."""
    customers = shop.get("/v1/customers").json()["customers"]
    return customers[0]["id"] if customers else live_today(shop)


def live_today(client):
    """A customer with a payment, a failure and a subscription."""
    pay(client, amount=4001)
    body = {"customer_id": "usr_ama", "amount": 4000, "currency": "GHS", "interval": "monthly"}
    subscribed = body | {"plan_id": "plan_1", "method": "momo"}
    client.post("/v1/subscriptions", json=subscribed).raise_for_status()
    return pay(client)["customer_id"]


def test_every_query_that_takes_dates_takes_their_time_zone(document):
    for path, operations in document["paths"].items():
        named = {each["name"] for each in operations.get("get", {}).get("parameters", ())}
        assert "tz" in named or not any(
            name in DATES or name.endswith(("_from", "_to")) for name in named
        ), path


@on_both_databases
@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/v1/payments", len),
        ("/v1/payments/export", lambda body: body["total"]),
        ("/v1/exports/payments", lambda body: body["total"]),
        ("/v1/payments/stats", lambda body: body["count"]),
        ("/v1/payments/stats/series", lambda body: body["buckets"][0]["totals"]["succeeded"]),
        ("/v1/payments/stats/latency", lambda body: sum(x["count"] for x in body["buckets"])),
        ("/v1/payments/stats/errors", lambda body: len(body["breakdown"])),
        ("/v1/payments/stats/sources", lambda body: len(body["sources"])),
        ("/v1/payments/stats/sources/explain?source=api", lambda body: body["value"]),
        ("/v1/customers/top", lambda body: len(body["customers"])),
        ("/v1/customers/{customer_id}/sources", lambda body: body["totals"]["count"]),
    ],
)
def test_dates_are_days_of_the_time_zone_at_both_ends(shop, customer_id, path, count):
    day = its_day(shop)
    asked = {"from": f"{day}", "to": f"{day + timedelta(days=1)}"}

    def found(zone):
        place, _, more = path.format(customer_id=customer_id).partition("?")
        params = dict(pair.split("=") for pair in more.split("&") if pair) | asked
        return count(shop.get(place, params=params | {"tz": zone}).raise_for_status().json())

    assert found(EAST) > 0
    assert found(WEST) == 0


@pytest.mark.usefixtures("customer_id")
@on_both_databases
@pytest.mark.parametrize("path", ["/v1/subscriptions", "/v1/invoices"])
def test_what_was_created_is_asked_for_by_days_of_the_time_zone_too(shop, path):
    day = its_day(shop)
    asked = {"created_after": f"{day}", "created_before": f"{day + timedelta(days=1)}"}

    assert len(shop.get(path, params=asked | {"tz": EAST}).json()) == 1
    assert shop.get(path, params=asked | {"tz": WEST}).json() == []


@pytest.mark.usefixtures("customer_id")
@pytest.mark.parametrize("name", ["as_of", "known_at"])
def test_the_past_of_a_day_is_that_before_it_began_in_the_time_zone(shop, name):
    day = f"{its_day(shop)}"

    assert shop.get("/v1/payments", params={name: day, "tz": EAST}).json() == []
    assert shop.get("/v1/payments", params={name: day, "tz": WEST}).json()


def test_a_day_of_23_hours_is_one_day_and_a_time_without_an_offset_is_local(client):
    for hour in ("2026-03-28T22:59:59", "2026-03-28T23:00:00", "2026-03-29T21:59:59"):
        pay(client, occurred_at=f"{hour}Z", reference=hour)
    pay(client, occurred_at="2026-03-29T22:00:00Z", reference="after")

    def found(**asked):
        rows = client.get("/v1/payments", params={"tz": "Europe/Berlin"} | asked).json()
        return {row["reference"] for row in rows}

    its_day = {"2026-03-28T23:00:00", "2026-03-29T21:59:59"}
    assert found(**{"from": "2026-03-29", "to": "2026-03-30"}) == its_day
    assert found(**{"from": "2026-03-29T00:00:00", "to": "2026-03-29T23:59:59.5"}) == its_day
    assert found(**{"from": "2026-03-28T23:00:00Z", "to": "2026-03-29T22:00:00Z"}) == its_day
    assert found(**{"from": "0001-01-01", "to": "9999-12-31"}) == its_day | {
        "2026-03-28T22:59:59",
        "after",
    }


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory", "Mars/Olympus"])
@pytest.mark.parametrize("path", ["/v1/payments", "/v1/customers", "/v1/payments/stats/series"])
def test_what_is_no_time_zone_is_refused_on_every_route(client, path, zone):
    refused = client.get(path, params={"tz": zone})

    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == "tz"
