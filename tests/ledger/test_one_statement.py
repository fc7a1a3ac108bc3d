"""One statement: a batch on PostgreSQL is written whole where the books stand as thought."""

import pytest
from sqlalchemy import text

from ledger.append import Append, Done, KeyReused, LostRace, Replayed, ValueTaken
from ledger.chain import Chain
from ledger.clock import written
from ledger.database import open_engine, upgrade
from ledger.ledger import Ledger
from ledger.one_statement import write_at_once
from ledger.outcomes import Head, Known, plan
from ledger.reading import ask
from ledger.schema import books

BOOKS = ("org_a/test", "org_b/test")

# What a cluster says of a value that is taken, in place of what the database itself would.
IN_OTHER_WORDS = """
CREATE OR REPLACE FUNCTION whence.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM whence.{table} WHERE {same}) THEN
        RAISE 'duplicate key value' USING ERRCODE = '{code}';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON whence.{table}
FOR EACH ROW EXECUTE FUNCTION whence.refuse();
"""
SAME = {
    "replies": "book = NEW.book AND key = NEW.key",
    "claims": "book = NEW.book AND kind = NEW.kind AND value = NEW.value",
    "events": "book = NEW.book AND stream = NEW.stream AND version = NEW.version",
}


@pytest.fixture(params=["postgresql", "cluster"])
def database_url(request):
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def alone(postgresql_url, clock):
    """A ledger on one PostgreSQL."""
    engine = open_engine(postgresql_url)
    upgrade(engine)
    with Ledger(engine, clock=clock) as ledger:
        yield ledger
    engine.dispose()


def heads_of(ledger):
    found = ask(ledger.engine, lambda connection: connection.execute(books.select()).all())
    return {book: Head(*head) for book, *head in found}


def write(ledger, appends, heads, versions, now):
    intended = plan(appends, Known({**heads}), now)
    with ledger.engine.begin() as connection:
        return write_at_once(connection, intended, heads, versions)


@pytest.mark.parametrize("table", ["replies", "claims", "events"])
def test_a_value_that_is_taken_is_recognised_in_whatever_words(
    engine, clock, created, reply, external_id, table
):
    with Ledger(engine, clock=clock, retry_seconds=0) as ledger:
        first = created("cus_1", claims=(external_id("cus_1"),), reply=reply())
        ledger.append(first)
        again = {
            Replayed(201, '{"n": 1}', 1): first,
            KeyReused(): created("cus_2", reply=reply(fingerprint="other")),
            ValueTaken("external_id", "VIP", "cus_1"): created(
                "cus_3", claims=(external_id("cus_3"),)
            ),
            LostRace("cus_1"): created("cus_1"),
        }

        for code in ("XX000", "58000", "55P03"):
            told = IN_OTHER_WORDS.format(table=table, same=SAME[table], code=code)
            with engine.begin() as connection:
                connection.execute(text(told))

            assert [ledger.append(each) for each in again.values()] == list(again), code


def test_where_one_head_is_elsewhere_nothing_is_written_in_any_book(alone, clock, created):
    alone.append_many(created("pay_1", book=book) for book in BOOKS)
    before = heads_of(alone)
    alone.append(created("pay_2", book=BOOKS[1]))
    appends = [created("pay_3", book=book) for book in BOOKS]

    found = write(alone, appends, before, {}, written(clock()))

    assert not found.is_written
    assert found.heads == heads_of(alone)
    assert alone.heads() == {BOOKS[0]: 1, BOOKS[1]: 2}
    assert [alone.read_stream(book, "pay_3") for book in BOOKS] == [[], []]


def test_a_book_that_is_gone_is_not_written(alone, clock, created):
    alone.append(created("pay_1", book=BOOKS[0]))
    heads = heads_of(alone) | {BOOKS[1]: Head(1, b"", "")}

    found = write(
        alone, [created("pay_2", book=book) for book in BOOKS], heads, {}, written(clock())
    )

    assert not found.is_written
    assert alone.heads() == {BOOKS[0]: 1}


def test_a_statement_that_comes_through_late_does_nothing(alone, clock, created, reply):
    alone.append(created("pay_1", book=BOOKS[0]))
    before = heads_of(alone)
    appends = [created("pay_2", book=BOOKS[0]), Append(BOOKS[0], reply=reply())]
    alone.append_many(appends)

    found = write(alone, appends, before, {}, written(clock()))

    assert not found.is_written
    assert alone.head(BOOKS[0]) == 2


def test_a_version_that_is_not_as_expected_stops_all_of_it(alone, clock, created, facts):
    alone.append_many(created("pay_1", book=book) for book in BOOKS)
    heads = heads_of(alone)
    appends = [Append(book, facts("pay_1", 3), {"pay_1": 2}) for book in BOOKS]

    found = write(alone, [], heads, {(BOOKS[1], "pay_1"): 2}, written(clock()))

    assert not found.is_written
    assert found.heads == heads
    assert alone.append_many(appends) == [LostRace("pay_1")] * 2


def test_a_process_whose_knowledge_is_old_goes_on_where_the_others_are(alone, clock, created):
    def an_hour_behind():
        return clock().replace(hour=11)

    with Ledger(alone.engine, clock=an_hour_behind) as other:
        turns = [alone, other, other, alone, alone, other]
        outcomes = [
            by.append(created(f"pay_{number}", book=BOOKS[0])) for number, by in enumerate(turns)
        ]

    assert outcomes == [Done(number) for number in range(1, 7)]
    recorded = [fact.recorded_at for fact in alone.read(BOOKS[0], limit=9)]
    assert recorded == sorted(recorded)
    assert isinstance(alone.verify(BOOKS[0]), Chain)


def test_a_value_given_up_is_taken_in_the_same_statement(alone, created, facts, external_id):
    alone.append(created("cus_1", book=BOOKS[0], claims=(external_id("cus_1"),)))

    outcome = alone.append(
        Append(
            BOOKS[0],
            (*facts("cus_1", 2), *facts("cus_2", 1)),
            {"cus_1": 1, "cus_2": 0},
            releases=(external_id("cus_1"),),
            claims=(external_id("cus_2"),),
        )
    )

    assert outcome == Done(3)
    assert alone.owner(BOOKS[0], "external_id", "VIP") == "cus_2"
