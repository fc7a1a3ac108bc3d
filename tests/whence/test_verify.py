"""`whence verify`: it verifies what serves, and all that the ledger keeps beside the facts."""

import asyncio
import contextlib
import json
import sqlite3
from functools import partial

import pytest
from sqlalchemy import text

from commands.derived_claims import first_wrong_claim
from commands.link_views import summing_up
from commands.payment_links import CreatePaymentLink, create_payment_link
from ledger.database import open_engine, writing
from ledger.integrity import check_integrity
from ledger.ledger import Ledger
from projections.engine.rebuilding.runs import Runs
from whence.settings import Settings
from whence.wiring import handling, recording, utc_now

KINDS = (
    *("customer_subscription", "due", "email", "external_id"),
    *("invoice_payment", "link_code", "phone", "provider_reference"),
)

KEEP = (
    "CREATE TABLE kept_claims AS SELECT * FROM {schema}claims",
    "CREATE TABLE kept_replies AS SELECT * FROM {schema}replies",
)
PUT_BACK = (
    "DELETE FROM {schema}claims",
    "INSERT INTO {schema}claims SELECT * FROM kept_claims",
    "DELETE FROM {schema}replies",
    "INSERT INTO {schema}replies SELECT * FROM kept_replies",
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory, idle_databases):
    """The stores that tests share: a URL for each kind of database; filled by the first of them."""
    folder = tmp_path_factory.mktemp("shared")
    return {
        "sqlite": (f"sqlite:///{folder / 'ledger.db'}".format),
        "postgresql": idle_databases.create,
    }, {}


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, whence, monkeypatch, stores):
    """A shop with a little of everything, and views that serve; claims and replies as they were."""
    new_database, filled = stores
    if request.param not in filled:
        filled[request.param] = new_database[request.param]()
        fill(filled[request.param], whence, monkeypatch)
        change_all(filled[request.param], KEEP)
    monkeypatch.setenv("WHENCE_DATABASE_URL", filled[request.param])
    yield filled[request.param]
    change_all(filled[request.param], PUT_BACK)


@pytest.fixture
def own_store(whence, monkeypatch, database_url):
    """The same, for whoever changes more of it."""
    fill(database_url, whence, monkeypatch)
    return database_url


def fill(database_url, whence, monkeypatch):
    monkeypatch.setenv("WHENCE_DATABASE_URL", database_url)
    told = whence("demo", "--customers", "12", "--payments", "60", "--until", "2026-11-01")
    assert told.returncode == 0, told.stderr
    asyncio.run(make_a_link(database_url))
    asyncio.run(look_at_a_link(database_url))


async def look_at_a_link(database_url):
    with (
        recording(Settings.load(database_url=database_url)) as ledger,
        summing_up(ledger, clock=utc_now) as looks,
    ):
        book = next(book for book in ledger.heads() if book.endswith("/test"))
        [(_, link_id), *_] = ledger.owners(book, "link_code", "")
        await looks.count(book, link_id)


async def make_a_link(database_url):
    command = CreatePaymentLink(name="Summer Sale", amount=4000, currency="GHS")
    with recording(Settings.load(database_url=database_url)) as ledger, handling(ledger) as handler:
        book = next(book for book in ledger.heads() if book.endswith("/test"))
        await handler.perform(book, partial(create_payment_link, command=command, prefills=False))


def change(database_url, statement, **values):
    [changed] = change_all(database_url, [statement], **values)
    assert changed == 1


def change_all(database_url, statements, **values):
    engine = open_engine(database_url)
    with writing(engine) as connection:
        schema = "whence." if connection.dialect.name == "postgresql" else ""
        changed = [
            connection.execute(text(statement.format(schema=schema)), values).rowcount
            for statement in statements
        ]
    engine.dispose()
    return changed


def claim(database_url, kind):
    """The first claim of a kind: its book, value and stream."""
    with recording(Settings.load(database_url=database_url)) as ledger:
        for book in ledger.heads():
            found = ledger.owners(book, kind, "")
            if found:
                return book, *found[0]
    raise AssertionError(kind)


def latest_run(database_url):
    """What others are told of what was done last: how it ended, and the report."""
    engine = open_engine(database_url)
    [run, *_] = Runs(engine, utc_now).latest()
    engine.dispose()
    assert (run.kind, run.asked_by) == ("verify", "operator")
    return run.state, json.loads(run.report)


def test_a_store_with_a_little_of_everything_is_sound(whence, store):
    held = [claim(store, kind) for kind in KINDS]

    verified = whence("verify")

    state, report = latest_run(store)
    assert (state, report["sound"], report["faults"]) == ("done", True, [])
    assert report["books"] > 0
    assert report["rows"] > 0
    assert all(held)
    assert verified.returncode == 0, verified.stderr
    assert "every fact, claim and kept answer" in verified.stdout


def test_a_store_that_nothing_serves_is_not_called_sound(whence, own_store):
    assert whence("db", "restored").returncode == 0

    verified = whence("verify")

    assert verified.returncode == 1
    assert "no views serve this release: nothing was verified" in verified.stderr
    state, report = latest_run(own_store)
    assert state == "failed"
    assert "no views serve this release yet" in report["error"]
    assert json.loads(whence("generations", "list", "--json").stdout) == []


def test_a_value_that_is_not_held_any_more_is_named(whence, store):
    book, value, stream = claim(store, "email")
    change(store, "DELETE FROM {schema}claims WHERE kind = 'email' AND value = :value", value=value)

    verified = whence("verify")

    assert verified.returncode == 1
    assert f"{book}: email of {stream} is not held for it\n" in verified.stderr
    assert value.split("\n")[0] not in verified.stderr + verified.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_any_kind_is_missed_and_kept_to_itself(store, kind):
    book, value, stream = claim(store, kind)
    change(store, "DELETE FROM {schema}claims WHERE kind = :kind AND value = :value",
           kind=kind, value=value)  # fmt: skip

    with recording(Settings.load(database_url=store)) as ledger:
        wrong = first_wrong_claim(ledger, book)

    assert str(wrong) == f"{book}: {kind} of {stream} is not held for it"


@pytest.mark.parametrize(
    ("kind", "value"),
    [("email", "kofi@example.com\ncus_1"), ("payer", "kofi@example.com"), ("due", "2026\nsub_1")],
)
def test_a_value_that_no_fact_speaks_of_is_named_and_kept_to_itself(whence, store, kind, value):
    book, _, stream = claim(store, "email")
    change(store, "INSERT INTO {schema}claims VALUES (:book, :kind, :value, :stream)",
           book=book, kind=kind, value=value, stream=stream)  # fmt: skip

    verified = whence("verify")

    assert verified.returncode == 1
    fault = f"{book}: {kind} is held for {stream}, of which no fact says so"
    assert fault in verified.stderr
    state, report = latest_run(store)
    assert (state, report["sound"]) == ("done", False)
    assert {"book": book, "sentence": fault} in report["faults"]
    assert "kofi" not in verified.stderr + verified.stdout


def test_a_value_that_another_holds_is_named(whence, store):
    book, value, stream = claim(store, "link_code")
    change(store, "UPDATE {schema}claims SET stream = 'pl_other' WHERE kind = 'link_code' "
           "AND value = :value", value=value)  # fmt: skip

    verified = whence("verify")

    assert f"{book}: link_code is held for pl_other, of which no fact says so" in verified.stderr
    assert stream not in verified.stderr


@pytest.mark.parametrize(
    ("position", "body", "reason"),
    [(10**9, "{}", "is ahead of the book"), (1, "{kofi@", "cannot be read")],
)
def test_an_answer_that_the_book_cannot_have_given_is_named(whence, store, position, body, reason):
    book, *_ = claim(store, "email")
    change(store, "INSERT INTO {schema}replies VALUES "
           "(:book, 'POST /v1 k', 'f', 201, :body, :position, '2099-01-01T00:00:00.000000Z')",
           book=book, body=body, position=position)  # fmt: skip

    verified = whence("verify")

    assert verified.returncode == 1
    assert f"{book}: an answer kept as of position {position} {reason}" in verified.stderr
    assert "kofi" not in verified.stderr + verified.stdout


@pytest.mark.usefixtures("own_store")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_sqlite_finds_wrong_with_its_file_is_said(whence, tmp_path):
    # An index that lacks what stands in its table: nothing but the check looks at both.
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as other, other:
        other.execute("CREATE TABLE copied (kind)")
        other.execute("CREATE INDEX by_kind ON copied (kind)")
        other.execute("PRAGMA writable_schema = ON")
        [definition] = other.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'by_kind'"
        ).fetchone()
        other.execute("UPDATE sqlite_master SET sql = NULL, type = 'hidden' WHERE name = 'by_kind'")
    hidden = "UPDATE sqlite_master SET sql = ?, type = 'index' WHERE name = 'by_kind'"
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as other, other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute("INSERT INTO copied VALUES ('email')")
        other.execute(hidden, (definition,))

    verified = whence("verify")

    assert verified.returncode == 1
    assert "the database says: " in verified.stderr


def test_postgresql_is_asked_where_it_can_be(server_with_trigrams, postgresql_url):
    for url, installs in ((server_with_trigrams, True), (postgresql_url, False)):
        engine = open_engine(url)
        if installs:
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS amcheck")

        found = check_integrity(engine, ["pg_catalog"] if installs else ["whence"])

        assert found.faults == ()
        assert (found.unchecked is None) == installs
        engine.dispose()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_no_question_about_claims_looks_through_a_book_for_each_of_them(store):
    """The time is linear, whatever the database thinks of its tables.

    (PostgreSQL keeps statistics of its own.)
    """
    engine = open_engine(store)
    ledger = Ledger(engine, clock=lambda: None)
    asked = []
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.set_trace_callback(asked.append)
    for book in ledger.heads():
        assert first_wrong_claim(ledger, book) is None
    with engine.connect() as connection:
        plans = [
            row.detail
            for statement in asked
            if statement.startswith("SELECT") and "stream >= " in statement
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        ]
    engine.dispose()
    assert plans
    assert all("stream>?" in plan for plan in plans)
