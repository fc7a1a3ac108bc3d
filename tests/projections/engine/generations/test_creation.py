"""Rows, keys and indexes of a generation: each is made, or it is said why not."""

import psycopg
import pytest
from slow_statements import address, hindered
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from projections.engine.folding.changes import Changes
from projections.engine.folding.row_writer import insert_into


@pytest.fixture
def database_url(postgresql_url):
    """Only there are keys made afterwards, and statements given up."""
    return postgresql_url


@pytest.fixture
def bare(shop):
    """A generation without keys and indexes."""
    return shop.generations.begin(shop.definitions)


def keys(shop, generation):
    found = inspect(shop.engine)
    return {
        table.name: found.get_pk_constraint(table.name, generation.schema)["constrained_columns"]
        for table in shop.definitions.tables
    }


def test_a_key_that_is_there_keeps_no_other_from_being_made(shop, toys, bare):
    key = "PRIMARY KEY (book, buyer, currency)"
    with bare.writing() as connection:
        connection.execute(text(f"ALTER TABLE {bare.schema}.{toys.totals.name} ADD {key}"))

    bare.create_keys(shop.definitions)
    bare.create_keys(shop.definitions)

    expected = {
        table.name: [column.name for column in table.primary_key]
        for table in shop.definitions.tables
    }
    assert keys(shop, bare) == expected


def test_a_key_that_cannot_be_made_is_no_key_that_is_there(shop, bare):
    last = shop.definitions.tables[-1]
    with bare.writing() as connection:
        connection.execute(text(f"DROP TABLE {bare.schema}.{last.name}"))

    with pytest.raises(ProgrammingError, match="does not exist"):
        bare.create_keys(shop.definitions)


@pytest.mark.parametrize(
    ("make", "statement"),
    [
        ("create_keys", r"ALTER TABLE views_1\.toy_totals ADD"),
        ("create_indexes", r"CREATE INDEX IF NOT EXISTS \w+ ON views_1\.toy_totals"),
    ],
)
def test_keys_and_indexes_are_made_unhurried(shop, bare, make, statement):
    with hindered(shop.engine, statement, f"{bare.schema}.toy_totals") as waited:
        getattr(bare, make)(shop.definitions)

    assert waited


def test_rows_are_loaded_unhurried(shop, toys, bare):
    """Another who loads may be making the key, and wait for a third who loads."""
    changes = Changes(toys.BOOK)
    changes.merge(toys.totals, ("ama", "GHS"), spent=1)

    with (
        hindered(shop.engine, "synchronous_commit", f"{bare.schema}.toy_totals") as waited,
        bare.loading() as connection,
    ):
        insert_into(connection, bare.schema, [changes])

    assert waited
    assert len(shop.rows(toys.totals, bare)) == 1


def test_a_key_whose_connection_is_lost_is_not_taken_for_made(shop, bare, monkeypatch):
    monkeypatch.setattr("projections.engine.generations.generation._MADE_AT_ONCE", 1)
    ended = []

    def end(connection, _cursor, statement, *_):
        if not ended and "ADD CONSTRAINT" in statement:
            ended.append(connection.connection.driver_connection.info.backend_pid)
            with psycopg.connect(address(shop.engine)) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", ended)

    event.listen(shop.engine, "before_cursor_execute", end)
    with pytest.raises(DBAPIError) as lost:
        bare.create_keys(shop.definitions)

    assert lost.value.connection_invalidated
