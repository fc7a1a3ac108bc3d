"""Deletion of a book: everything of it goes, and nobody brings it back."""

import threading

import pytest
from sqlalchemy import func, insert, select

from ledger.append import Append, BookDeleted, Done
from ledger.chain import BrokenChain, Chain
from ledger.copying import copy_store
from ledger.database import open_engine, upgrade
from ledger.deletion import BookInUse
from ledger.lease import acquire
from ledger.ledger import Ledger
from ledger.reply_check import first_wrong_reply
from ledger.schema import books, events, generations, metadata, store

OF_BOOKS = [each for each in metadata.sorted_tables if each not in (books, store, generations)]

BOOK, OTHER = "org_a/test", "org_b/test"


@pytest.fixture(params=["sqlite", "postgresql", "cluster"])
def database_url(request):
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def filled(ledger, created, external_id, reply):
    """A book that has something in every table, and another beside it."""
    for book in (BOOK, OTHER):
        ledger.append(
            created("cus_1", book=book, claims=(external_id("cus_1"),), reply=reply(days=1))
        )
        acquire(ledger.engine, book, "sending", "somebody", seconds=60)
        with ledger.engine.begin() as connection:
            for table in OF_BOOKS:
                if count(connection, table, book) == 0:
                    connection.execute(insert(table).values(book=book, **some_values(table)))
    return ledger


def some_values(table):
    """A row of a table, whatever it is."""
    needed = [each for each in table.columns if not each.nullable and each.name != "book"]
    return {each.name: each.type.python_type("1") for each in needed}


def count(connection, table, book):
    rows = select(func.count()).select_from(table).where(table.c.book == book)
    return connection.scalar(rows)


def rows_of(engine, book):
    with engine.connect() as connection:
        return {table.name: count(connection, table, book) for table in OF_BOOKS}


def test_everything_of_a_book_goes_and_nothing_of_another(filled):
    assert filled.delete(BOOK)

    assert set(rows_of(filled.engine, BOOK).values()) == {0}
    assert set(rows_of(filled.engine, OTHER).values()) == {1}
    assert filled.heads() == {OTHER: 1}
    assert (filled.head(BOOK), filled.deleted()) == (0, {BOOK})
    assert filled.deleted([OTHER]) == set()


def test_whoever_wrote_it_is_told_and_does_not_bring_it_back(filled, created, reply):
    filled.delete(BOOK)

    outcomes = [
        filled.append(each)
        for each in (
            created("cus_2", book=BOOK),
            Append(BOOK, reply=reply()),
            created("cus_1", book=BOOK),
        )
    ]

    assert outcomes == [BookDeleted()] * 3
    assert (filled.heads(), filled.read(BOOK, limit=9)) == ({OTHER: 1}, [])


def test_another_book_of_the_same_batch_is_written(filled, created):
    filled.delete(BOOK)

    outcomes = filled.append_many([created("cus_2", book=BOOK), created("cus_2", book=OTHER)])

    assert outcomes == [BookDeleted(), Done(2)]


def test_a_book_in_use_stays_as_it_is(filled):
    with pytest.raises(BookInUse):
        filled.delete(BOOK, unless=("pay_", "cus_"))

    assert filled.heads() == {BOOK: 1, OTHER: 1}
    assert filled.delete(BOOK, unless=("pay_", "cu_"))


def test_a_book_is_deleted_once_and_one_that_never_was_not_at_all(filled):
    filled.delete(BOOK)

    assert not filled.delete(BOOK)
    assert not filled.delete("org_nobody/test")
    assert filled.deleted() == {BOOK}


def test_what_is_left_verifies_and_anything_put_back_shows(filled):
    filled.delete(BOOK)
    before = filled.verify(BOOK), first_wrong_reply(filled.engine, BOOK)

    with filled.engine.begin() as connection:
        row = connection.execute(events.select().where(events.c.book == OTHER)).one()
        connection.execute(events.insert(), row._asdict() | {"book": BOOK})

    assert isinstance(before[0], Chain)
    assert before[1] is None
    assert filled.verify(BOOK) == BrokenChain(BOOK, 1, "added: the book was deleted")
    assert isinstance(filled.verify(OTHER), Chain)


def test_a_copy_knows_what_was_deleted(filled, tmp_path, clock, created):
    filled.delete(BOOK)
    target = open_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    upgrade(target)
    told = []

    copy_store(filled.engine, target, notice=lambda *facts: told.append(facts))

    with Ledger(target, clock=clock) as copy:
        assert copy.append(created("cus_2", book=BOOK)) == BookDeleted()
        assert copy.heads() == {OTHER: 1}
    assert told == [(1, 1)]
    target.dispose()


def test_while_others_write_it_every_append_is_recorded_before_or_refused(filled, created):
    outcomes = []

    def write():
        outcomes.extend(filled.append(created(f"pay_{n}", book=BOOK)) for n in range(200))

    writing = threading.Thread(target=write)
    writing.start()
    while not outcomes:
        pass
    filled.delete(BOOK)
    writing.join()

    kinds = [type(each) for each in outcomes]
    assert kinds == sorted(kinds, key=lambda kind: kind is BookDeleted)
    assert filled.read(BOOK, limit=9) == []
    assert filled.deleted() == {BOOK}
