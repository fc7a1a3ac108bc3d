"""The tables that tests are given are those that the migrations make."""

from pathlib import Path

from sqlalchemy import MetaData, inspect, select
from tables import make_tables

from ledger.database import open_engine, require_schema, upgrade
from ledger.schema import SCHEMA, store


def described(engine):
    schema = SCHEMA if engine.dialect.name == "postgresql" else None
    found = MetaData(schema=schema)
    found.reflect(engine)
    looking = inspect(engine)
    return {
        name: (
            {each.name: (str(each.type), each.nullable) for each in table.columns},
            sorted(looking.get_indexes(table.name, schema), key=str),
            looking.get_pk_constraint(table.name, schema),
            looking.get_unique_constraints(table.name, schema),
        )
        for name, table in found.tables.items()
    }


def test_the_tables_of_a_test_are_those_of_the_migrations(database_url, new_postgresql, tmp_path):
    first, again, walked = (
        open_engine(
            f"sqlite:///{Path(tmp_path, f'{name}.db')}"
            if database_url.startswith("sqlite")
            else new_postgresql()
        )
        for name in ("first", "again", "walked")
    )

    make_tables(first)
    make_tables(again)
    upgrade(walked)

    assert described(first) == described(again) == described(walked)
    require_schema(again)
    with first.connect() as one, again.connect() as other:
        assert one.execute(select(store.c.id)).all() != other.execute(select(store.c.id)).all()
    for engine in (first, again, walked):
        engine.dispose()
