"""Statements without a timeout: what looks through a whole store takes its time."""

from threading import Timer

import psycopg
import pytest
from slow_statements import HINDERED_SECONDS, HURRIED_SECONDS, hindered
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from ledger.append import Claim
from ledger.claim_reading import reading_book
from ledger.copying import copy_store
from ledger.database import open_engine, upgrade, writing
from ledger.distribution import LOCK_OF_THE_SCHEMA
from ledger.reading import heads
from ledger.schema import books


@pytest.fixture
def database_url(postgresql_url):
    """Only there is anybody given up."""
    return postgresql_url


def limits(connection):
    asked = text("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
    return tuple(connection.execute(asked).one())


def test_a_hurried_statement_is_given_up(engine):
    with (
        hindered(engine, "SELECT whence.books", "whence.books"),
        pytest.raises(DBAPIError),
        engine.begin() as connection,
    ):
        connection.execute(select(books))


def test_an_unhurried_transaction_has_no_limits_and_the_next_has_them_again(engine):
    unhurried = engine.execution_options(unhurried=True)
    for patient in (unhurried, unhurried.execution_options(writing=True)):
        with patient.begin() as connection:
            assert limits(connection) == ("0", "0")

    with writing(engine) as connection:
        assert limits(connection) == ("10s", "0")


def test_an_upgrade_waits_for_its_turn(engine, database_url, monkeypatch):
    monkeypatch.setattr("ledger.database._BUSY_SECONDS", HURRIED_SECONDS)
    other = psycopg.connect(database_url)
    other.execute("SELECT pg_advisory_lock(%s)", (LOCK_OF_THE_SCHEMA,))
    Timer(HINDERED_SECONDS, other.close).start()

    upgrade(engine)

    assert other.closed


def test_an_upgrade_that_has_its_turn_keeps_nobody_out_of_a_table_for_long(engine):
    seen = []

    def note(_connection, cursor, statement, *_):
        if statement.startswith("CREATE SCHEMA"):
            seen.append(cursor.connection.execute("SHOW lock_timeout").fetchone())

    event.listen(engine, "before_cursor_execute", note)
    upgrade(engine)

    assert seen == [("10s",)]


def test_claims_are_looked_through_unhurried(engine, ledger, created):
    ledger.append(created("cus_1", claims=(Claim("external_id", "VIP", "cus_2"),)))

    with (
        hindered(engine, "FROM whence.claims", "whence.claims") as waited,
        reading_book(engine, "org_x/test") as reading,
    ):
        assert list(reading.claims()) == [Claim("external_id", "VIP", "cus_2")]

    assert waited


def test_a_copy_waits_for_its_source_and_its_target_for_the_copy(
    engine, ledger, created, new_postgresql, monkeypatch
):
    monkeypatch.setattr("ledger.database._STOPPED_SECONDS", HURRIED_SECONDS)
    ledger.append(created("cus_1"))
    elsewhere = open_engine(new_postgresql())
    upgrade(elsewhere)

    with hindered(engine, "FROM whence.events", "whence.events") as waited:
        copy_store(engine, elsewhere)

    assert waited
    assert heads(elsewhere) == {"org_x/test": 1}
    elsewhere.dispose()
