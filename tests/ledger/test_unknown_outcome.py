"""Unknown outcomes: a commit that is never answered is sent again, and recognised."""

import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from proxy import CuttingProxy
from sqlalchemy import make_url, text

from ledger.append import Append, Done
from ledger.chain import Chain
from ledger.database import open_engine, upgrade
from ledger.ledger import Ledger

BOOK = "org_x/test"


@pytest.fixture
def proxy(postgresql_url):
    proxy = CuttingProxy(make_url(postgresql_url))
    yield proxy
    proxy.close()


@pytest.fixture
def far_ledger(proxy, clock):
    engine = open_engine(proxy.url)
    upgrade(engine)
    with Ledger(engine, clock=clock) as ledger:
        yield ledger
    engine.dispose()


@pytest.mark.parametrize("cut", ["cut_before_commit", "cut_after_commit"])
@pytest.mark.parametrize("has_key", [True, False])
@pytest.mark.parametrize("times", [1, 3])
def test_a_connection_cut_during_commit_neither_loses_nor_doubles(
    far_ledger, proxy, facts, reply, cut, has_key, times
):
    far_ledger.append(Append(BOOK, facts("lnk_1", 0)))
    setattr(proxy, cut, times)

    outcome = far_ledger.append(Append(BOOK, facts("lnk_1", 0), reply=reply() if has_key else None))

    assert outcome == Done(2)
    assert getattr(proxy, cut) < times
    assert [fact.version for fact in far_ledger.read_stream(BOOK, "lnk_1")] == [1, 2]
    assert isinstance(far_ledger.verify(BOOK), Chain)


def test_connections_cut_all_the_time_under_load_neither_lose_nor_double(far_ledger, proxy, facts):
    def view(_):
        proxy.cut_after_commit = 1
        outcome = far_ledger.append(Append(BOOK, facts("lnk_1", 0)))
        return outcome.position

    with ThreadPoolExecutor(4) as threads:
        positions = list(threads.map(view, range(20)))

    assert sorted(positions) == list(range(1, 21))
    assert far_ledger.head(BOOK) == 20


def test_reads_survive_a_connection_that_is_gone(postgresql_url, clock, created):
    engine = open_engine(postgresql_url)
    upgrade(engine)
    with Ledger(engine, clock=clock) as ledger:
        ledger.append(created("pay_1"))
        with psycopg.connect(postgresql_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        assert ledger.head(BOOK) == 1
        assert ledger.append(created("pay_2")) == Done(2)
    engine.dispose()


def test_serialization_failures_are_tried_again(postgresql_url, clock, facts):
    engine = open_engine(postgresql_url)
    upgrade(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = make_url(postgresql_url).database
        connection.execute(
            text(f'ALTER DATABASE "{name}" SET default_transaction_isolation TO serializable')
        )
    engine.dispose()

    with (
        Ledger(engine, clock=clock) as one,
        Ledger(engine, clock=clock) as other,
        ThreadPoolExecutor(8) as threads,
    ):
        outcomes = list(
            threads.map(
                lambda n: (one, other)[n % 2].append(Append(BOOK, facts("lnk_1", 0))), range(40)
            )
        )

        assert Counter(outcomes) == Counter(Done(n) for n in range(1, 41))
    engine.dispose()


def test_a_busy_sqlite_file_is_waited_for(sqlite_url, clock, created):
    engine = open_engine(sqlite_url)
    upgrade(engine)
    other = sqlite3.connect(make_url(sqlite_url).database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Ledger(engine, clock=clock) as ledger:
        waiting = ledger.submit(created("pay_1"))
        time.sleep(0.2)
        assert not waiting.done()

        other.execute("COMMIT")

        assert waiting.result(5) == Done(1)
    other.close()
    engine.dispose()
