"""Distribution of a whole store over machines by book: every table, whatever is done to it."""

import json

import psycopg
import pytest
from citus import emptied, emptying_fails, pretend_citus, spread_beside
from postgresql import databases_on
from server import Server
from statement_scope import offences, recorded

from whence.cleanup import cleaning_up
from whence.settings import Settings
from whence.wiring import projecting, recording

TABLES = """
SELECT n.nspname || '.' || c.relname AS name, c.oid FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE (n.nspname = 'whence' OR n.nspname LIKE 'views!_%' ESCAPE '!') AND c.relkind IN ('r', 'p')
AND c.relname <> 'alembic_version'
"""
FIRST_OF_KEYS = f"""
SELECT t.name, array_agg(DISTINCT a.attname) FROM ({TABLES}) AS t
JOIN pg_index AS i ON i.indrelid = t.oid AND i.indisunique
LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
GROUP BY t.name
"""  # noqa: S608 (our own names)
BOOKS = f"""
SELECT DISTINCT format_type(a.atttypid, NULL), l.collname, a.attnotnull FROM ({TABLES}) AS t
JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attname = 'book'
JOIN pg_collation AS l ON l.oid = a.attcollation
"""  # noqa: S608 (our own names)
# What reaches beyond a book, or runs by itself.
FORBIDDEN = f"""
SELECT t.name, 'foreign key ' || conname FROM ({TABLES}) AS t
JOIN pg_constraint AS f ON f.conrelid = t.oid AND f.contype = 'f'
UNION ALL SELECT t.name, 'trigger ' || tgname FROM ({TABLES}) AS t
JOIN pg_trigger AS g ON g.tgrelid = t.oid
UNION ALL SELECT t.name, 'rule ' || rulename FROM ({TABLES}) AS t
JOIN pg_rewrite AS w ON w.ev_class = t.oid
UNION ALL SELECT t.name, 'inherits' FROM ({TABLES}) AS t
JOIN pg_inherits AS h ON t.oid IN (h.inhrelid, h.inhparent)
UNION ALL SELECT t.name, 'identity ' || attname FROM ({TABLES}) AS t
JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attidentity <> ''
UNION ALL SELECT t.name, 'default ' || pg_get_expr(adbin, adrelid) FROM ({TABLES}) AS t
JOIN pg_attrdef AS d ON d.adrelid = t.oid WHERE pg_get_expr(adbin, adrelid) LIKE '%(%'
UNION ALL SELECT relname, 'sequence' FROM pg_class WHERE relkind = 'S'
"""  # noqa: S608 (our own names)


@pytest.fixture
def environment(environment, postgresql_url):
    return environment | {"WHENCE_DATABASE_URL": postgresql_url}


@pytest.fixture(scope="module")
def lived_store(idle_databases, tmp_path_factory):
    """A store with a shop's year in it, built anew once: two generations of views."""
    url = idle_databases.create()
    folder = tmp_path_factory.mktemp("lived")
    for command in (
        ("db", "upgrade"),
        ("demo", "--customers", "20", "--payments", "60"),
        ("rebuild",),
    ):
        done = Server(url, folder).whence(*command)
        assert done.returncode == 0, done.stderr
    return url


@pytest.fixture
def lived(postgresql_server, lived_store):
    """A copy of it."""
    with databases_on(postgresql_server, like=lived_store) as create:
        yield create()


@pytest.fixture
def postgresql_url(request):
    if "lived" in request.fixturenames:
        return request.getfixturevalue("lived")
    return request.getfixturevalue("new_postgresql")()


@pytest.fixture
def catalogue(lived, postgresql_url):  # noqa: ARG001 (what is to be looked at)
    """A connection that reads the database's own list of what there is."""
    with psycopg.connect(postgresql_url) as connection:
        yield connection


def tables(catalogue):
    return {name for name, _ in catalogue.execute(TABLES)}


def book_leads_every_key_and_nothing_reaches_beyond_it(catalogue):
    assert dict(catalogue.execute(FIRST_OF_KEYS).fetchall()) == {
        name: ["book"] for name in tables(catalogue)
    }
    assert catalogue.execute(BOOKS).fetchall() == [("text", "C", True)]
    assert catalogue.execute(FORBIDDEN).fetchall() == []


def test_every_table_that_there_is_can_be_spread(catalogue):
    schemas = {name.partition(".")[0] for name in tables(catalogue)}

    assert schemas == {"whence", "views_1", "views_2"}
    book_leads_every_key_and_nothing_reaches_beyond_it(catalogue)


def test_a_table_that_cannot_be_spread_is_found(catalogue):
    for offence in (
        "ALTER TABLE whence.books ADD UNIQUE (digest, book)",
        "CREATE UNIQUE INDEX ON views_1.payments (lower(payment_id))",
        "ALTER TABLE views_2.payments ADD FOREIGN KEY (book) REFERENCES whence.books",
        "ALTER TABLE whence.claims ADD COLUMN number bigserial",
        "ALTER TABLE whence.claims ADD COLUMN at timestamptz DEFAULT now()",
        "CREATE TABLE whence.other (book text PRIMARY KEY)",
        'CREATE TABLE whence.other (book text COLLATE "C" NOT NULL)',
        "CREATE TABLE whence.other (id text PRIMARY KEY)",
        "CREATE RULE forget AS ON DELETE TO whence.events DO INSTEAD NOTHING",
    ):
        catalogue.execute(offence)
        with pytest.raises(AssertionError):
            book_leads_every_key_and_nothing_reaches_beyond_it(catalogue)
        catalogue.rollback()


def test_every_generation_is_distributed_those_to_come_too(whence, catalogue, postgresql_url):
    pretend_citus(postgresql_url)

    with emptying_fails(postgresql_url, "views_1.payments"):
        assert whence("db", "distribute").returncode == 1
    interrupted = emptied(postgresql_url)
    told = whence("db", "distribute")
    again = whence("db", "distribute")

    assert told.returncode == 0, told.stderr
    assert "views_2.payments" in told.stdout
    assert "views_1.payments" not in interrupted
    assert emptied(postgresql_url) == {each for each in tables(catalogue) if "views_3" not in each}
    assert again.stdout == "Every table is distributed already.\n"
    assert whence("rebuild").returncode == 0
    assert "views_3.payments" in tables(catalogue)
    assert set(spread_beside(postgresql_url)) == tables(catalogue)
    assert whence("verify").returncode == 0


def test_without_citus_nothing_is_distributed(whence):
    assert whence("db", "upgrade").returncode == 0

    refused = whence("db", "distribute")

    assert refused.returncode == 1
    assert "CREATE EXTENSION citus" in refused.stderr


@pytest.mark.usefixtures("lived")
@pytest.mark.parametrize("alone", [False, True], ids=["one machine", "cluster"])
def test_no_command_leaves_its_books(whence, postgresql_url, new_postgresql, tmp_path, alone):
    if alone:
        pretend_citus(postgresql_url)
        assert whence("db", "distribute").returncode == 0
    with recorded() as sent:
        org_id = json.loads(whence("organizations", "create", "Ama's shop", "--json").stdout)["id"]
        key = json.loads(whence("keys", "create", org_id, "--json").stdout)
        for command in (
            ("demo", "--customers", "5", "--payments", "10"),
            ("organizations", "list"),
            ("keys", "list", org_id),
            ("keys", "revoke", org_id, key["id"]),
            ("events", "--json"),
            ("bill", "--once"),
            ("verify",),
            ("rebuild", "--processes", "1"),  # whose statements are sent from here
            ("db", "upgrade"),
            ("db", "backup", str(tmp_path / "backup.db")),
            ("db", "copy", new_postgresql()),
            ("db", "restored"),
            ("rebuild", "--processes", "1"),
            ("verify",),
        ):
            done = whence(*command)
            assert done.returncode == 0, (command, done.stderr)
        settings = Settings(database_url=postgresql_url)
        with (
            recording(settings) as ledger,
            cleaning_up(ledger, attempts_days=90, every_seconds=0.01),
            projecting(settings, ledger) as reading,
        ):
            reading.serving()

    assert any(each.startswith("COPY ") for each in sent)
    assert offences(sent, alone=alone) == {}
