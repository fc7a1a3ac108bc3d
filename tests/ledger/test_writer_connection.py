"""Writer connection: it is kept, and never trusted when it may be gone."""

import pytest
from sqlalchemy import event, select, text

from ledger.append import Done
from ledger.database import open_engine, upgrade
from ledger.ledger import Ledger
from ledger.schema import books
from ledger.writer_connection import WriterConnection

NAMED = {"position": 0, "digest": b"", "recorded_at": ""}


@pytest.fixture
def checkouts(engine):
    """One entry for each time a connection was taken from the pool."""
    taken = []
    event.listen(engine, "checkout", lambda *_: taken.append(1))
    return taken


@pytest.fixture
def held(engine):
    connection = WriterConnection(engine)
    yield connection
    connection.release()


def test_one_connection_serves_transaction_after_transaction(engine, held, checkouts):
    for name in ("org_a/test", "org_b/test", "org_c/test"):
        with held.transaction() as (connection, transaction):
            connection.execute(books.insert().values(book=name, **NAMED))
            transaction.commit()
    taken = len(checkouts)

    with engine.connect() as connection:
        stored = connection.scalars(select(books.c.book).order_by(books.c.book)).all()
    assert stored == ["org_a/test", "org_b/test", "org_c/test"]
    assert taken == 1


def test_what_was_not_committed_is_undone(held):
    with held.transaction() as (connection, _):
        connection.execute(books.insert().values(book="org_a/test", **NAMED))

    with held.transaction() as (connection, _):
        assert connection.scalars(select(books.c.book)).all() == []


def test_after_an_error_it_is_asked_of_the_pool_again(held, checkouts):
    with pytest.raises(ZeroDivisionError), held.transaction():
        raise ZeroDivisionError
    for _ in range(2):
        with held.transaction():
            pass

    assert len(checkouts) == 2


def test_a_connection_that_was_cut_between_two_batches_is_replaced(
    postgresql_url, clock, created, caplog
):
    engine = open_engine(postgresql_url)
    upgrade(engine)
    with Ledger(engine, clock=clock) as ledger:
        before = ledger.append_many([created("pay_1"), created("pay_2")])
        with engine.connect() as other:
            other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        after = ledger.append(created("pay_3"))
    engine.dispose()

    assert (*before, after) == (Done(1), Done(2), Done(3))
    assert "trying again" not in caplog.text
