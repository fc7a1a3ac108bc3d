"""Distribution over machines by book: the tables of a ledger, and every statement it sends."""

import pytest
from citus import emptied, emptying_fails, pretend_citus, spread_beside
from sqlalchemy.exc import IntegrityError
from statement_scope import offences, recorded, strays

from ledger.append import Append, Claim, Done, KeyReused, LostRace, Replayed, ValueTaken
from ledger.chain import Chain
from ledger.database import open_engine, upgrade
from ledger.distribution import NotDistributable, distribute_store
from ledger.ledger import Ledger
from ledger.schema import SCHEMA, metadata

BOOKS = ("org_a/test", "org_b/live", "org_c/live")
TABLES = {f"{SCHEMA}.{name.removeprefix(f'{SCHEMA}.')}" for name in metadata.tables}


@pytest.fixture(params=["postgresql", "cluster"])
def database_url(request):
    return str(request.getfixturevalue(f"{request.param}_url"))


def test_every_table_is_spread_by_book_beside_the_books(postgresql_url):
    pretend_citus(postgresql_url)
    engine = open_engine(postgresql_url)
    upgrade(engine)

    spread = distribute_store(engine)

    assert set(spread) == emptied(postgresql_url) == TABLES
    beside = dict.fromkeys(TABLES, "whence.books") | {"whence.books": "none"}
    assert spread_beside(postgresql_url) == beside
    engine.dispose()


def test_what_is_spread_already_stays(postgresql_url):
    pretend_citus(postgresql_url)
    engine = open_engine(postgresql_url)
    upgrade(engine)
    distribute_store(engine)

    assert distribute_store(engine) == []
    engine.dispose()


def test_what_an_interruption_left_on_the_first_machine_is_taken_off_it(postgresql_url):
    pretend_citus(postgresql_url)
    engine = open_engine(postgresql_url)
    upgrade(engine)
    with emptying_fails(postgresql_url, "whence.events"), pytest.raises(IntegrityError):
        distribute_store(engine)
    assert emptied(postgresql_url) < TABLES == set(spread_beside(postgresql_url))

    assert distribute_store(engine) == []

    assert emptied(postgresql_url) == TABLES
    engine.dispose()


def test_a_table_of_a_later_release_is_spread_by_the_upgrade(cluster_url):
    engine = open_engine(cluster_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            'CREATE TABLE whence.later (book text COLLATE "C" PRIMARY KEY, word text)'
        )

    upgrade(engine)

    assert spread_beside(cluster_url)["whence.later"] == "whence.books"
    engine.dispose()


def test_a_store_that_cannot_be_spread_says_why(sqlite_url, postgresql_url):
    for url, reason in ((sqlite_url, "SQLite"), (postgresql_url, "CREATE EXTENSION citus")):
        engine = open_engine(url)
        upgrade(engine)
        with pytest.raises(NotDistributable, match=reason):
            distribute_store(engine)
        engine.dispose()


def test_batches_of_many_books_come_out_alike_and_no_statement_leaves_its_book(
    request, database_url, clock, facts, created, reply
):
    alone = request.node.callspec.params["database_url"] == "cluster"
    with recorded(database_url) as sent:
        engine = open_engine(database_url)
        upgrade(engine)
        with Ledger(engine, clock=clock) as ledger:
            live_through_everything(ledger, clock, facts, created, reply)
        engine.dispose()

    assert len(sent) > 20
    assert offences(sent, alone=alone) == {}


def live_through_everything(ledger, clock, facts, created, reply):
    def claim(stream):
        return (Claim("external_id", "VIP", stream),)

    first = [
        created("cus_1", book=book, claims=claim("cus_1"), reply=reply("first")) for book in BOOKS
    ]
    assert ledger.append_many(first) == [Done(1)] * 3
    assert ledger.append_many(first) == [Replayed(201, '{"n": 1}', 1)] * 3
    outcomes = {
        Done: lambda book: Append(book, facts("lnk_1", 0)),
        LostRace: lambda book: created("cus_1", book=book),
        ValueTaken: lambda book: created("cus_2", book=book, claims=claim("cus_2")),
        KeyReused: lambda book: created("cus_3", book=book, reply=reply("first", "other body")),
    }
    mixed = ledger.append_many(make(book) for make in outcomes.values() for book in BOOKS)
    assert [type(each) for each in mixed] == [kind for kind in outcomes for _ in BOOKS]
    released = [
        Append(book, facts("cus_1", 2), {"cus_1": 1}, releases=claim("cus_1")) for book in BOOKS
    ]
    assert ledger.append_many(released) == [Done(3)] * 3
    clock.move(days=2)
    renewed = [created("cus_4", book=book, reply=reply("first")) for book in BOOKS]
    assert ledger.append_many(renewed) == [Done(4)] * 3
    clock.move(days=2)

    found = ledger.read_many(dict.fromkeys(BOOKS, 1), each=100)
    assert [(fact.book, fact.position) for fact in found] == [
        (book, position) for book in BOOKS for position in (2, 3, 4)
    ]
    assert ledger.heads() == dict.fromkeys(BOOKS, 4)
    for book in BOOKS:
        assert isinstance(ledger.verify(book), Chain)
        assert [fact.version for fact in ledger.read_stream(book, "cus_1")] == [1, 2]
        assert ledger.owner(book, "external_id", "VIP") is None
        assert ledger.owners(book, "external_id", "V") == []
        assert ledger.reply(book, "first") is None
        assert ledger.forget_expired_replies(book) is None


STAYING = (
    "SELECT 1 FROM whence.events WHERE whence.events.book = %(book)s::VARCHAR",
    (
        "WITH x AS (SELECT p.book FROM views_1.p AS p WHERE p.book = %s) "
        "SELECT 1 FROM x JOIN views_1.q ON views_1.q.book = x.book"
    ),
    (
        "INSERT INTO views_1.p AS kept (book, n) SELECT * FROM unnest(%s, %s) "
        "ON CONFLICT (book) DO UPDATE SET n = excluded.n"
    ),
    (
        "UPDATE whence.books AS t SET n = r.n FROM unnest(%s, %s) AS r(book, n) "
        "WHERE t.book = r.book AND t.book = %b::text"
    ),
    "COPY views_1.p (book, n) FROM STDIN",
)
TOGETHER = (
    "SELECT 1 FROM unnest(%s) AS r(book) JOIN whence.claims AS t ON t.book = r.book",
    "UPDATE whence.books AS t SET n = r.n FROM unnest(%s, %s) AS r(book, n) WHERE t.book = r.book",
    (
        "DELETE FROM whence.claims AS t WHERE (book, kind) IN (SELECT * FROM unnest(%s, %s) "
        "AS r(book, kind))"
    ),
    (
        "SELECT r.*, (SELECT max(t.n) FROM whence.events AS t WHERE t.book = r.book) "
        "FROM unnest(%s) AS r(book)"
    ),
    (
        "SELECT 1 FROM unnest(%s, %s) AS r(book, n) CROSS JOIN LATERAL "
        "(SELECT * FROM whence.events AS t WHERE t.book = r.book LIMIT 1) AS e"
    ),
    "SELECT 1 FROM whence.books AS t WHERE t.book IN (%s, %s) FOR UPDATE",
    "SELECT 1 FROM whence.books AS t WHERE t.book = ANY(%b::text[]) FOR UPDATE",
    (
        "WITH x AS (INSERT INTO whence.events (book, position) SELECT * FROM unnest(%b, %b) "
        "AS r(book, position) WHERE (SELECT true)) SELECT 1"
    ),
)
STRAYING = (
    "SELECT 1 FROM whence.events WHERE position = 3",
    "SELECT 1 FROM whence.events WHERE book = %s OR position = 3",
    "SELECT 1 FROM whence.events WHERE book <> %s",
    "SELECT 1 FROM whence.events WHERE book <> ANY(%s)",
    (
        "SELECT 1 FROM views_1.p JOIN views_1.q ON views_1.p.id = views_1.q.id "
        "WHERE views_1.p.book = %s"
    ),
    (
        "SELECT 1 FROM views_1.p LEFT JOIN views_1.q ON views_1.p.book = %s "
        "AND views_1.q.book = views_1.p.book"
    ),
    (
        "SELECT 1 FROM whence.books AS b WHERE b.book = %s "
        "AND EXISTS (SELECT 1 FROM whence.claims AS t WHERE t.stream = 'x')"
    ),
    "SELECT 1 FROM whence.books WHERE book = %s UNION SELECT 1 FROM whence.claims",
    "INSERT INTO whence.books (position) VALUES (%s)",
    "INSERT INTO whence.books (book) SELECT t.book FROM whence.claims AS t",
    "UPDATE whence.books SET position = 1",
    "DELETE FROM whence.replies WHERE expires_at < %s",
    "WITH x AS (DELETE FROM whence.replies WHERE expires_at < %s RETURNING book) SELECT 1",
    "WITH x AS (INSERT INTO whence.books (position) VALUES (%s)) SELECT 1",
    "COPY whence.books TO STDOUT",
    "TRUNCATE whence.books",
    "LOCK TABLE whence.books",
)


@pytest.mark.parametrize("statement", STAYING)
def test_a_statement_that_names_its_book_passes(statement):
    assert strays(statement) == strays(statement, alone=True) == []


@pytest.mark.parametrize("statement", TOGETHER)
def test_a_statement_of_several_books_passes_on_one_machine_only(statement):
    assert strays(statement) == []
    assert strays(statement, alone=True) != []


def test_a_statement_that_asks_the_clock_of_a_machine_is_found():
    asking = (
        "SELECT 1 FROM whence.leases AS t WHERE t.book = %s AND t.expires_at > clock_timestamp()"
    )

    assert strays("SELECT clock_timestamp()", alone=True) == strays(asking) == []
    assert strays(asking, alone=True) != []


def test_a_cluster_is_not_asked_for_all_rows_in_order():
    asking = "SELECT whence.events.book FROM whence.events ORDER BY whence.events.book"

    assert offences([asking]) == {}
    assert offences([asking], alone=True) != {}


@pytest.mark.parametrize("statement", STRAYING)
def test_a_statement_that_leaves_its_book_is_found(statement):
    assert strays(statement) != []
