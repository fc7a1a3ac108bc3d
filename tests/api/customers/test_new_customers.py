"""New customers: the list has exactly those whom the figure counts, now and in the past."""

from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

NOW = datetime.now(UTC)


def days_ago(days):
    return (NOW - timedelta(days=days)).isoformat()


@pytest.fixture
def pay(client):
    def pay(customer, days, currency="GHS", amount=4000):
        body = {"amount": amount, "currency": currency, "customer_id": customer}
        body |= {"occurred_at": days_ago(days)} if days else {}
        return client.post("/v1/payments/intents", json=body).raise_for_status().json()

    return pay


@pytest.fixture
def shop(client, pay):
    """Ama, Kofi and Efua paid first in cedis, Yaw in dollars, and Abena has only tried to."""
    for name in ("ama", "kofi", "efua", "yaw", "abena"):
        client.post("/v1/customers", json={"external_id": name}).raise_for_status()
    pay("ama", 20)
    pay("ama", 5)
    pay("kofi", 10)
    pay("efua", 3)
    pay("yaw", 9, currency="USD")
    pay("yaw", 4)
    pay("abena", 4, amount=4001)


@pytest.fixture
def agree(client):
    """The names of the list, of which there are as many as the figure says."""

    def agree(start=None, end=None, currency=None, **moment):
        ranged = {"from": start, "to": end}
        figure = {"granularity": "all", "currency": currency, "period": "all"} | ranged | moment
        listed = {"first_paid_from": start, "first_paid_to": end, "first_paid_currency": currency}
        counted = get(client, "/v1/customers/stats/series", **figure)["buckets"]
        found = get(client, "/v1/customers", **listed, **moment)
        names = [each["external_id"] for each in found["customers"]]
        exported = get(client, "/v1/exports/customers", **listed, **moment)["customers"]
        assert [each["external_id"] for each in exported] == names
        assert found["pagination"]["total"] == len(names)
        if currency:
            assert sum(each["new_customers"] for each in counted) == len(names)
        return names

    return agree


def get(client, path, **asked):
    known = {name: value for name, value in asked.items() if value is not None}
    return client.get(path, params=known).raise_for_status().json()


@pytest.mark.usefixtures("shop")
def test_they_are_those_whose_first_payment_was_then_and_in_this_currency(agree):
    assert agree(currency="GHS") == ["efua", "kofi", "ama"]
    assert agree(currency="USD") == ["yaw"]
    assert agree(days_ago(12), currency="GHS") == ["efua", "kofi"]
    assert agree(days_ago(20), days_ago(10), currency="GHS") == ["ama"]
    assert agree(days_ago(12), days_ago(5)) == ["yaw", "kofi"]
    assert agree(days_ago(400), days_ago(300)) == []


@pytest.mark.usefixtures("shop")
def test_in_the_past_they_are_those_of_then(agree, client, pay):
    then = datetime.now(UTC).isoformat()
    pay("efua", 15)
    pay("abena", 0)
    client.delete("/v1/customers/external/kofi").raise_for_status()

    assert agree(days_ago(12), currency="GHS", known_at=then) == ["efua", "kofi"]
    assert agree(days_ago(12), currency="GHS", as_of=then) == ["kofi"]
    assert agree(days_ago(17), currency="GHS", as_of=then) == ["efua", "kofi"]
    listed = get(client, "/v1/customers", first_paid_from=days_ago(17), first_paid_currency="GHS")
    assert [each["external_id"] for each in listed["customers"]] == ["abena", "efua"]
