"""Ledger queries: what was recorded by a moment, and the facts of several streams at once."""

from datetime import timedelta

import psycopg
import pytest

from ledger.append import Append
from ledger.database import open_engine
from ledger.reading import head
from ledger.server_timeout import TimeoutConnection

BOOK = "org_x/test"


@pytest.mark.parametrize("number_of_facts", [0, 1, 2, 7, 16])
def test_the_position_at_a_moment_is_that_of_the_last_fact_recorded_by_then(
    ledger, clock, number_of_facts, created
):
    moments, before = [], clock() - timedelta(seconds=1)
    for number in range(number_of_facts):
        # Some are recorded in the same microsecond as the one before.
        clock.move(seconds=number % 3)
        ledger.append(created(f"pay_{number}"))
        ledger.append(created(f"pay_{number}", book="org_x/live"))
        moments.append(clock())

    assert ledger.position_at(BOOK, before) == 0
    for moment in moments:
        by_then = sum(each <= moment for each in moments)
        assert ledger.position_at(BOOK, moment) == by_then
        assert ledger.position_at(BOOK, moment + timedelta(microseconds=1)) == by_then
        assert ledger.position_at(BOOK, moment - timedelta(microseconds=1)) == sum(
            each < moment for each in moments
        )


def read(ledger, *streams, **asked):
    asked = {"topics": ["payment.noted"], "upto": 99, "limit": 99} | asked
    found = ledger.read_streams(BOOK, streams, **asked)
    return [(fact.stream, fact.version) for fact in found]


def test_streams_are_read_in_the_order_they_are_named(ledger, facts):
    for stream in ("pay_1", "pay_2", "pay_3"):
        ledger.append(Append(BOOK, facts(stream, 1, 2), {stream: 0}))
    ledger.append(Append(BOOK, facts("pay_2", 3), {"pay_2": 2}))
    ledger.append(Append("org_x/live", facts("pay_2", 1), {"pay_2": 0}))

    assert read(ledger) == []
    assert read(ledger, "pay_9") == []
    everything = [("pay_3", 1), ("pay_3", 2), ("pay_2", 1), ("pay_2", 2), ("pay_2", 3)]
    assert read(ledger, "pay_3", "pay_2") == everything
    assert read(ledger, "pay_3", "pay_2", limit=3) == everything[:3]
    assert read(ledger, "pay_3", "pay_2", after=1) == everything[1:]
    assert read(ledger, "pay_3", "pay_2", upto=6) == everything[:4]
    assert read(ledger, "pay_3", "pay_2", topics=["payment.other"]) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_whoever_got_no_connection_asks_once_more(ledger, database_url, created, monkeypatch):
    ledger.append(created("pay_1"))
    engine = open_engine(database_url)
    connect, late = TimeoutConnection.connect, [psycopg.errors.ConnectionTimeout("expired")]

    def connected(*given, **settings):
        if late:
            raise late.pop()
        return connect(*given, **settings)

    monkeypatch.setattr(TimeoutConnection, "connect", connected)

    assert head(engine, BOOK) == 1
    assert not late
    engine.dispose()
