"""Round trips: how often something goes to a PostgreSQL that is far away, and comes back."""

import psycopg
import pytest
from proxy import CuttingProxy
from sqlalchemy import make_url

from ledger.database import open_engine, upgrade

BOOK = "org_x/test"


@pytest.fixture
def proxy(postgresql_url):
    proxy = CuttingProxy(make_url(postgresql_url))
    yield proxy
    proxy.close()


@pytest.fixture
def engine(proxy):
    engine = open_engine(proxy.url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def trips(proxy):
    """How many something takes."""

    def count(action):
        before = proxy.round_trips
        action()
        return proxy.round_trips - before

    return count


def test_a_question_is_one_round_trip(ledger, created, reply, trips):
    ledger.append(created("pay_1", reply=reply()))
    questions = (
        lambda: ledger.head(BOOK),
        lambda: ledger.read(BOOK, limit=10),
        lambda: ledger.read_stream(BOOK, "pay_1"),
        lambda: ledger.owner(BOOK, "external_id", "VIP"),
        lambda: ledger.reply(BOOK, "key"),
    )
    ledger.heads()

    assert [trips(ask) for ask in questions] == [1, 1, 1, 1, 1]


def test_a_connection_that_was_ended_is_noticed_without_asking(engine, postgresql_url):
    with engine.connect() as connection:
        ended = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (ended,))

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT pg_backend_pid()").scalar() != ended


def test_whoever_takes_a_connection_does_not_ask_whether_it_is_there(engine, trips):
    with engine.connect():
        pass

    assert trips(lambda: engine.connect().close()) == 0
