"""Writer connection: it is kept, and never trusted when it may be gone."""

import pytest
from sqlalchemy import event, select, text

from ledger import writer_connection as module
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
    connection = WriterConnection(engine.execution_options(writing=True))
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


def test_after_an_error_and_after_a_pause_it_is_asked_of_the_pool_again(
    held, checkouts, monkeypatch
):
    with pytest.raises(ZeroDivisionError), held.transaction():
        raise ZeroDivisionError
    with held.transaction():
        after_the_error = len(checkouts)
    monkeypatch.setattr(module, "_TRUSTED_SECONDS", -1)
    with held.transaction():
        after_the_pause = len(checkouts)

    assert (after_the_error, after_the_pause) == (2, 3)


def test_a_connection_that_was_cut_between_two_batches_is_replaced(postgresql_url, clock, created):
    engine = open_engine(postgresql_url)
    upgrade(engine)
    with Ledger(engine, clock=clock) as ledger:
        before = ledger.append(created("pay_1"))
        with engine.connect() as other:
            other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        after = ledger.append(created("pay_2"))
    engine.dispose()

    assert (before, after) == (Done(1), Done(2))
