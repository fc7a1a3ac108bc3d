"""Set aside: what keeps one book from being written is no matter of the others."""

from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import text

from ledger.append import Done
from ledger.chain import Chain
from ledger.errors import LedgerUnavailable
from ledger.ledger import Ledger

LOCKED, *OTHERS = [f"org_{name}/test" for name in "abcdefghijkl"]

BROKEN = """
CREATE FUNCTION whence.fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'could not read block 7' USING ERRCODE = 'XX001';
END $$;
CREATE TRIGGER fail BEFORE INSERT ON whence.events
FOR EACH ROW WHEN (NEW.stream LIKE 'bad%') EXECUTE FUNCTION whence.fail();
"""


@pytest.fixture(params=["postgresql", "cluster"])
def database_url(request):
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def ledger(engine, clock):
    """One that is patient, however long the machine takes."""
    with Ledger(engine, clock=clock, retry_seconds=120) as ledger:
        yield ledger


@contextmanager
def locked(database_url, book):
    """The head of a book, by somebody who stands still."""
    with psycopg.connect(database_url) as other:
        other.execute("SELECT 1 FROM whence.books WHERE book = %s FOR UPDATE", (book,))
        yield


def test_a_book_that_somebody_has_locked_keeps_only_its_own_waiting(database_url, ledger, created):
    ledger.append_many(created("pay_1", book=book) for book in (LOCKED, *OTHERS))
    with locked(database_url, LOCKED):
        waiting = [ledger.submit(created(f"pay_{n}", book=LOCKED)) for n in range(2, 9)]

        for stream in ("pay_2", "pay_3"):
            others = [ledger.submit(created(stream, book=book)) for book in OTHERS]
            assert {type(each.result(30)) for each in others} == {Done}
        waiting += [ledger.submit(created(f"pay_{n}", book=LOCKED)) for n in range(9, 12)]

        assert not any(each.done() for each in waiting)

    assert [each.result(30) for each in waiting] == [Done(n) for n in range(2, 12)]
    assert ledger.heads() == {LOCKED: 11} | dict.fromkeys(OTHERS, 3)
    assert all(isinstance(ledger.verify(book), Chain) for book in (LOCKED, *OTHERS))


def test_a_book_that_cannot_be_written_is_told_so_alone(engine, clock, created):
    with engine.begin() as connection:
        connection.execute(text(BROKEN))
    with Ledger(engine, clock=clock, retry_seconds=1) as ledger:
        bad = [ledger.submit(created(f"bad_{n}", book=LOCKED)) for n in range(3)]
        good = [ledger.submit(created(f"pay_{n}", book=book)) for n in (1, 2) for book in OTHERS]

        assert {type(each.result(30)) for each in good} == {Done}
        assert {type(each.exception(30)) for each in bad} == {LedgerUnavailable}
        assert ledger.append(created("pay_1", book=LOCKED)) == Done(1)


def test_when_no_book_can_be_written_all_are_told(engine, clock, created):
    with engine.begin() as connection:
        connection.execute(text(BROKEN))
    with Ledger(engine, clock=clock, retry_seconds=1) as ledger:
        bad = [ledger.submit(created("bad_1", book=book)) for book in (LOCKED, *OTHERS)]

        assert {type(each.exception(60)) for each in bad} == {LedgerUnavailable}
        assert ledger.append(created("pay_1", book=LOCKED)) == Done(1)


def test_closing_waits_for_what_is_set_aside(database_url, engine, clock, created):
    ledger = Ledger(engine, clock=clock, retry_seconds=120)
    ledger.start()
    ledger.append_many(created("pay_1", book=book) for book in (LOCKED, *OTHERS))
    with locked(database_url, LOCKED):
        waiting = ledger.submit(created("pay_2", book=LOCKED))
        assert ledger.submit(created("pay_2", book=OTHERS[0])).result(30) == Done(2)

    ledger.close()

    assert waiting.result(0) == Done(2)
