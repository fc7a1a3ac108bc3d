"""Schema and migrations: the tables can be spread over machines, and come into being once."""

import os
import subprocess
import sys

import pytest
from forked import ForkedCommand
from sqlalchemy import UniqueConstraint, inspect, select, text
from sqlalchemy.exc import DBAPIError
from tables import drop_what_was_made_later, make_tables

from ledger.append import Append, NewFact
from ledger.database import open_engine, require_schema, upgrade, writing
from ledger.errors import WrongSchema
from ledger.ledger import Ledger
from ledger.migrations.running import known_revisions
from ledger.restoring import begin_epoch
from ledger.revision import REVISION
from ledger.schema import leases, metadata

TABLES = [pytest.param(table, id=table.name) for table in metadata.sorted_tables]


@pytest.mark.parametrize("table", TABLES)
def test_book_leads_every_key_so_that_tables_can_be_spread_by_it(table):
    keys = [
        table.primary_key,
        *(c for c in table.constraints if isinstance(c, UniqueConstraint)),
        *(index for index in table.indexes if index.unique),
    ]

    assert [next(iter(key.columns)).name for key in keys] == ["book"] * len(keys)
    assert not table.foreign_keys
    assert not any(column.default or column.identity for column in table.columns)


@pytest.mark.parametrize("table", TABLES)
def test_the_migrations_make_the_tables_the_code_knows(engine, table):
    schema = table.schema if engine.dialect.name == "postgresql" else None

    found = inspect(engine)
    columns = found.get_columns(table.name, schema=schema)
    unique = found.get_unique_constraints(table.name, schema=schema)

    assert [column["name"] for column in columns] == [column.name for column in table.columns]
    assert [column["nullable"] for column in columns] == [c.nullable for c in table.columns]
    assert found.get_pk_constraint(table.name, schema=schema)["constrained_columns"] == [
        column.name for column in table.primary_key
    ]
    assert sorted(each["column_names"] for each in unique) == sorted(
        [column.name for column in each.columns]
        for each in table.constraints
        if isinstance(each, UniqueConstraint)
    )


def test_a_store_of_an_older_release_gets_what_it_lacks_and_keeps_what_it_has(engine, clock):
    with Ledger(engine, clock=clock) as ledger:
        identity = ledger.identity()
        ledger.append(Append("org_x/test", (NewFact("pay_1", 1, "payment.noted", "{}"),)))
        before = ledger.read("org_x/test", limit=10)
    back_to_the_first_revision(engine)
    with pytest.raises(WrongSchema, match="whence db upgrade"):
        require_schema(engine)

    upgrade(engine)

    require_schema(engine)
    ledger = Ledger(engine, clock=clock)
    assert ledger.identity() == identity
    assert ledger.read("org_x/test", limit=10) == before
    with engine.connect() as connection:
        assert connection.execute(select(leases)).all() == []


def test_this_release_is_at_its_newest_migration():
    assert known_revisions()[0] == REVISION


def test_a_store_of_this_release_is_opened_without_what_changes_tables(sqlite_url, postgresql_url):
    program = (
        "import sys; from ledger.database import open_engine, require_schema, upgrade\n"
        "for engine in map(open_engine, sys.argv[1:]): require_schema(engine); upgrade(engine)\n"
        "print('alembic' in sys.modules)"
    )
    for url in (sqlite_url, postgresql_url):
        engine = open_engine(url)
        make_tables(engine)
        engine.dispose()

    done = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", program, sqlite_url, postgresql_url],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "False\n"


def back_to_the_first_revision(engine):
    """What came after it is taken away, as if it had never been there."""
    schema = "whence." if engine.dialect.name == "postgresql" else ""
    with writing(engine) as connection:
        drop_what_was_made_later(connection)
        connection.execute(text(f"DROP TABLE {schema}leases"))
        version = f"UPDATE {schema}alembic_version SET version_num = '0001'"  # noqa: S608 (our own)
        connection.execute(text(version))


def test_processes_that_start_at_once_on_an_empty_database_make_one_store(
    database_url, clock, tmp_path
):
    environment = os.environ | {"WHENCE_DATABASE_URL": database_url}
    with (tmp_path / "said").open("wb") as said:
        processes = [ForkedCommand(["db", "upgrade"], environment, said) for _ in range(4)]

    assert [process.wait(60) for process in processes] == [0] * 4
    engine = open_engine(database_url)
    before = Ledger(engine, clock=clock).identity()
    upgrade(engine)
    assert Ledger(engine, clock=clock).identity() == before
    assert (len(before.store_id), before.epoch) == (32, 1)
    engine.dispose()


def test_a_restored_store_keeps_its_id_and_begins_its_next_epoch(engine, clock):
    before = Ledger(engine, clock=clock).identity()

    after = begin_epoch(engine)

    assert (after.store_id, after.epoch) == (before.store_id, 2)
    assert Ledger(engine, clock=clock).identity() == after
    assert str(after) == f"{before.store_id}.2"


def test_an_error_of_the_database_does_not_show_what_was_to_be_stored(engine):
    with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text("SELECT no_such_column, :personal"), {"personal": "ama@example"})

    assert "ama@example" not in str(raised.value)


@pytest.mark.parametrize("url", ["mysql://localhost/whence", "sqlite://", "sqlite:///:memory:"])
def test_a_database_that_cannot_hold_a_ledger_is_refused_with_a_sentence(url):
    with pytest.raises(ValueError, match="ledger"):
        open_engine(url)
