"""Stopped processes: one that stands still within a transaction keeps nobody waiting for long."""

import time

import pytest
from proxy import CuttingProxy
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from ledger.append import Append, Done
from ledger.batch import lock_heads
from ledger.chain import Chain
from ledger.database import open_engine
from ledger.ledger import Ledger

BOOK = "org_x/test"


@pytest.fixture(autouse=True)
def short_stops(monkeypatch):
    monkeypatch.setattr("ledger.database._STOPPED_SECONDS", 1)


@pytest.fixture(params=["postgresql", "cluster"])
def database_url(request):
    """Only there can others be kept waiting by a session."""
    return str(request.getfixturevalue(f"{request.param}_url"))


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


@pytest.mark.parametrize("knows_the_book", [True, False])
def test_one_that_stops_while_it_sends_rows_keeps_nobody_waiting(
    database_url, ledger, clock, facts, knows_the_book, monkeypatch
):
    monkeypatch.setattr("ledger.server_timeout.TimeoutConnection.server_timeout_seconds", 3)
    proxy = CuttingProxy(make_url(database_url))
    far = open_engine(proxy.url)
    data = '"' + "x" * 100_000 + "@@@@" + "x" * 100_000 + '"'
    with Ledger(far, clock=clock) as stopping:
        if knows_the_book:
            stopping.append(Append(BOOK, facts("lnk_1", 0)))
        proxy.stops_at = b"@@@@"
        stopped = stopping.submit(Append(BOOK, facts("lnk_1", 0, data=data)))
        assert proxy.stopped.wait(20)

        outcomes = [ledger.append(Append(BOOK, facts("lnk_2", 0))) for _ in range(3)]

        assert {type(outcome) for outcome in [*outcomes, stopped.result(30)]} == {Done}
    assert ledger.head(BOOK) == knows_the_book + 4
    assert isinstance(ledger.verify(BOOK), Chain)
    far.dispose()
    proxy.close()
