"""The ranking as a file: everybody whom the list has, in its order."""

import csv
import io

import pytest

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

APRIL = {"from": "2026-04-01", "to": "2026-05-01", "tz": "Africa/Lagos"}
FIGURES = ("currency", "total_spent", "payment_count", "successful_payments", "first_payment_at")


@pytest.fixture
def stocked(shop):
    """A shop with customers to rank, who are only read."""
    if not shop.get("/v1/customers").json()["customers"]:
        stock(shop)
    return shop


def stock(client):
    """Five customers with as many payments as their number; all but the first of Ghana, too."""
    for number in range(1, 6):
        who = {"external_id": f"usr_{number}", "name": f"=number {number}"}
        client.post("/v1/customers", json=who).raise_for_status()
        for month in range(number):
            pay(client, number, f"2026-0{month + 1}-15", amount=100 * (6 - number) ** 2)
    pay(client, 2, "2026-04-20", amount=7000, currency="USD")


def pay(client, number, day, **more):
    then = {"occurred_at": f"{day}T12:00:00Z"}
    body = {"currency": "GHS", "country": "NG" if number == 1 else "GH"}
    body |= {"customer_id": f"usr_{number}"} | then | more
    payment = client.post("/v1/payments/intents", json=body).raise_for_status().json()
    client.post(f"/v1/payments/{payment['id']}/confirm", json=then).raise_for_status()


def get(client, path, **asked):
    return client.get(path, params=asked).raise_for_status().json()


@pytest.mark.parametrize(
    ("asked", "many"),
    [
        ({}, 5),
        ({"metric": "payment_count"}, 5),
        ({"currency": "USD"}, 1),
        ({"country": "GH"}, 4),
        ({"country": "GH", "metric": "payment_count", "from": "2026-03-01"}, 3),
        (APRIL, 2),
        ({"period": "all", "known_at": "2026-02-20"}, 0),
        ({"currency": "KES"}, 0),
    ],
)
def test_it_has_everybody_in_the_order_of_the_list(stocked, asked, many):
    listed = get(stocked, "/v1/customers/top", **asked, limit=100)["customers"]

    file = get(stocked, "/v1/exports/top-customers", **asked)

    rows = file["top_customers"]
    assert file["total"] == len(listed) == many
    assert [row["rank"] for row in rows] == list(range(1, len(listed) + 1))
    for row, customer in zip(rows, listed, strict=True):
        assert {name: row[name] for name in FIGURES} == customer["ranked_by"]
        assert [row[name] for name in ("id", "external_id", "name", "email", "phone")] == [
            customer[name] for name in ("id", "external_id", "name", "email", "phone")
        ]


def test_a_spreadsheet_takes_it_as_text(stocked):
    answer = stocked.get("/v1/exports/top-customers", params={"format": "csv", "limit": 2})

    first, second = csv.DictReader(io.StringIO(answer.text))
    assert answer.headers["content-disposition"] == 'attachment; filename="top_customers.csv"'
    assert (first["rank"], first["external_id"], first["total_spent"]) == ("1", "usr_2", "3200")
    assert (second["rank"], second["name"]) == ("2", "'=number 3")


def test_only_who_may_know_of_customers_is_given_it(stocked, merchant):
    asked = {"name": "a till", "scopes": ["payments:read"]}
    with merchant.client(stocked.post("/v1/api-keys", json=asked).json()["raw"]) as till:
        refused = till.get("/v1/exports/top-customers")

    assert refused.status_code == 403
