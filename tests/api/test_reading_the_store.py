"""Whoever reads the store with SQL finds what the guide says, on both databases."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import psycopg
import pytest

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

GUIDE = (Path(__file__).parents[2] / "docs/reading-the-store.md").read_text()
QUERIES = re.findall(r"```sql\n(.*?)```", GUIDE, re.DOTALL)
LISTED = dict(re.findall(r"^\| `(readable_\w+)` \| [^|]+ \| (.*) \|$", GUIDE, re.MULTILINE))
MAY = {"occurred_at": "2026-05-20T10:00:00.123456Z"}


@pytest.fixture
def store(database_url, tmp_path, new_server):
    """A shop in which everything has happened, and how its store is read."""
    server = new_server()
    founded = server.found("Ama's shop")
    _sell_something_of_everything(server.url, founded.keys["test"])
    return Store(database_url, tmp_path, founded.org_id)


class Store:
    def __init__(self, url, views, org_id):
        self.org_id = org_id
        self._url, self._views = url, views

    def ask(self, query):
        """The rows, as dictionaries; where is told by the guide itself."""
        in_the_ledger = query.startswith("-- in the ledger")
        if self._url.startswith("sqlite"):
            file = self._url.removeprefix("sqlite:///") if in_the_ledger else self._serving_file()
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
                return _rows(connection.execute(query))
        with psycopg.connect(self._url.replace("+psycopg", "")) as connection:
            connection.execute("SET default_transaction_read_only = on")
            place = "whence" if in_the_ledger else f"views_{self._serving()}"
            connection.execute(f"SET search_path TO {place}")
            return _rows(connection.execute(query))

    def all_of(self, view):
        return self.ask(f"SELECT * FROM {view}")  # noqa: S608 (a name of our own)

    def _serving(self):
        return self.ask(QUERIES[0])[0]["number"]

    def _serving_file(self):
        return self._views / f"views-{self._serving()}.db"


@on_both_databases
def test_every_question_of_the_guide_is_answered(store):
    assert len(QUERIES) == 8

    for query in QUERIES:
        assert store.ask(query), query


def test_what_is_joined_is_found_and_not_looked_for(store):
    joining = [query for query in QUERIES if "JOIN" in query]
    assert joining

    for query in joining:
        plan = [step["detail"] for step in store.ask(f"EXPLAIN QUERY PLAN {query}")]
        assert any(step.startswith("SEARCH customers") for step in plan), plan


@on_both_databases
def test_every_readable_view_has_the_columns_that_the_guide_lists(store):
    assert len(LISTED) == 7

    for view, columns in LISTED.items():
        rows = store.all_of(view)
        assert rows, view
        assert list(rows[0]) == ["book", "organization", "mode", *re.findall(r"`(\w+)`", columns)]
        assert {(row["organization"], row["mode"]) for row in rows} == {(store.org_id, "test")}


@on_both_databases
def test_a_readable_view_says_times_and_amounts_as_the_api_does(store):
    [paid] = store.ask("SELECT * FROM readable_payments WHERE refunded_amount > 0")

    assert paid["succeeded_at"] == MAY["occurred_at"]
    assert (paid["amount"], paid["captured_amount"], paid["refunded_amount"]) == (4000, 3900, 100)
    assert store.ask(QUERIES[1])[0] == {
        "month": "2026-05",
        "currency": "XOF",
        "payments": 1,
        "amount": 3900,
    }


@on_both_databases
def test_every_time_in_a_readable_view_is_text(store):
    for view in LISTED:
        for row in store.all_of(view):
            for column, value in row.items():
                if column.endswith("_at") and value is not None:
                    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value), column


def _rows(cursor):
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _sell_something_of_everything(url, key):
    with httpx.Client(base_url=f"{url}/v1", headers={"X-Reevit-Key": key}, timeout=30) as client:

        def post(path, **said):
            return client.post(path, json=said).raise_for_status().json()

        post("/customers", external_id="usr_1", name="Ada Lovelace", tags=["premium"])
        asked = {"customer_id": "usr_1", "currency": "XOF", "amount": 4000}
        paid = post("/payments/intents", **asked | {"amount": 4010} | MAY)
        client.patch(f"/payments/intents/{paid['id']}", json={"amount": 4000}).raise_for_status()
        post(f"/payments/{paid['id']}/confirm", amount=3900, **MAY)
        post(f"/payments/{paid['id']}/refund", amount=100, reason="one was rotten")
        post(f"/payments/{paid['id']}/dispute", amount=1, reason="not received")
        post("/payments/intents", **asked | {"amount": 4001})
        post("/payment-links", name="Summer Sale", currency="GHS", amount=4000)
        plan = {"plan_id": "plan_1", "method": "momo", "interval": "monthly"}
        post("/subscriptions", **asked | plan | {"currency": "GHS"})
        position = client.get("/payments").raise_for_status().headers["Whence-Position"]
        assert int(position) > 0
