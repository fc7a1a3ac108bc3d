"""Stopped processes: one that stands still within a transaction keeps nobody waiting for long."""

import time

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger.append import Done
from ledger.batch import lock_heads
from ledger.chain import Chain
from ledger.database import open_engine, upgrade
from ledger.ledger import Ledger

BOOK = "org_x/test"


@pytest.fixture(autouse=True)
def short_stops(monkeypatch):
    monkeypatch.setattr("ledger.database._STOPPED_SECONDS", 1)


@pytest.fixture
def engine(postgresql_url):
    """Only there can others be kept waiting by a session."""
    engine = open_engine(postgresql_url)
    upgrade(engine)
    yield engine
    engine.dispose()


def test_others_write_the_book_that_a_stopped_process_had_locked(engine, ledger, created):
    with engine.execution_options(writing=True).connect() as stopped:
        lock_heads(stopped, [BOOK])

        assert ledger.append(created("pay_1")) == Done(1)

        with pytest.raises(DBAPIError) as ended:
            stopped.execute(text("SELECT 1"))
    assert ended.value.connection_invalidated


def test_a_writer_that_was_stopped_goes_on_where_the_others_are(engine, ledger, clock, created):
    def stopped_once():
        if not stops:
            stops.append(ledger.append(created("pay_1")))
            time.sleep(0.2)
        return clock()

    stops = []
    with Ledger(engine, clock=stopped_once) as paused:
        assert paused.append(created("pay_2")) == Done(2)

    assert stops == [Done(1)]
    assert isinstance(ledger.verify(BOOK), Chain)
