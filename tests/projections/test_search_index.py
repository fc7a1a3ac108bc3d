"""The index for parts of words is made for certain, unless the database has not got the means."""

import psycopg
import pytest
from postgresql import databases_on
from slow_statements import address, hindered
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from ledger.database import open_engine
from projections.engine.generations.generation import postgresql_generation, sqlite_generation
from projections.read_models import DEFINITIONS

SEARCHED = DEFINITIONS.searched[0]


@pytest.fixture
def trigram_engine(server_with_trigrams):
    """A database of its own on a server that offers the extension."""
    with databases_on(server_with_trigrams) as create:
        engine = open_engine(create())
        yield engine
        engine.dispose()


@pytest.fixture
def on_postgresql(trigram_engine):
    generation = postgresql_generation(trigram_engine, "views_1", 1, "")
    generation.create(DEFINITIONS)
    return generation


@pytest.fixture
def on_sqlite(tmp_path):
    generation = sqlite_generation(tmp_path / "views-1.db", 1, "")
    generation.create(DEFINITIONS)
    yield generation
    generation.close()


def has_gin(engine):
    with engine.connect() as connection:
        asked = "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%%gin_trgm_ops%%'"
        return connection.exec_driver_sql(asked).scalars().all() == [SEARCHED.name]


def test_it_is_made_unhurried(trigram_engine, on_postgresql):
    rows = f"{on_postgresql.schema}.{SEARCHED.table.name}"
    with hindered(trigram_engine, "USING gin", rows) as waited:
        on_postgresql.create_indexes(DEFINITIONS)

    assert waited
    assert has_gin(trigram_engine)


def test_one_whose_connection_is_lost_is_not_taken_for_made(trigram_engine, on_postgresql):
    def end(connection, _cursor, statement, *_):
        if "pg_extension" in statement:
            pid = connection.connection.driver_connection.info.backend_pid
            with psycopg.connect(address(trigram_engine)) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    event.listen(trigram_engine, "before_cursor_execute", end)
    with on_postgresql.reading_engine.connect() as connection:
        transaction = connection.begin()
        with pytest.raises(DBAPIError) as lost:
            SEARCHED.create(connection, f"{on_postgresql.schema}.{SEARCHED.table.name}")
        transaction.close()

    assert lost.value.connection_invalidated


@pytest.mark.parametrize(
    ("database", "in_the_way", "said"),
    [
        ("sqlite", f"CREATE TABLE {SEARCHED.name}_books (other text)", "already exists"),
        (
            "postgresql",
            f"ALTER TABLE views_1.{SEARCHED.table.name} RENAME {SEARCHED.column} TO other",
            "does not exist",
        ),
    ],
)
def test_one_that_fails_is_not_taken_for_a_database_without_the_means(
    request, database, in_the_way, said
):
    generation = request.getfixturevalue(f"on_{database}")
    with generation.writing() as connection:
        connection.exec_driver_sql(in_the_way)

    with pytest.raises(DBAPIError, match=said):
        generation.create_indexes(DEFINITIONS)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_one_that_is_there_stays(request, database, caplog):
    generation = request.getfixturevalue(f"on_{database}")

    generation.create_indexes(DEFINITIONS)
    generation.create_indexes(DEFINITIONS)

    # Nor is it taken for a database without the means.
    assert not caplog.records
