"""Round trips: how often something goes to a PostgreSQL that is far away, and comes back."""

import psycopg
import pytest
from proxy import CuttingProxy
from sqlalchemy import make_url

from ledger.append import Append
from ledger.database import open_engine, upgrade
from ledger.ledger import Ledger

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


def test_a_batch_for_books_that_are_known_is_one_round_trip(
    ledger, facts, created, external_id, reply, trips
):
    books = [f"org_{name}/test" for name in "abc"]
    for stream in ("cus_1", "cus_2"):
        ledger.append_many(created(stream, book=book) for book in books)

    def write():
        ledger.append_many(
            Append(
                book,
                facts("cus_1", 2),
                {"cus_1": 1},
                claims=(external_id("cus_1"),),
                reply=reply("again"),
            )
            for book in books
        )

    # They may be two batches: the first of them leaves at once.
    assert 1 <= trips(write) <= 2


def test_a_batch_that_somebody_was_faster_than_is_two_round_trips(
    postgresql_url, ledger, clock, created, trips
):
    near = open_engine(postgresql_url)
    with Ledger(near, clock=clock) as neighbour:
        for stream in ("pay_1", "pay_2"):
            ledger.append(created(stream))
        neighbour.append(created("pay_3"))

        taken = trips(lambda: ledger.append(created("pay_4")))

    assert taken == 2
    near.dispose()
