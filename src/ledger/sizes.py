"""Sizes: how much room a store and its views take on the disk."""

from pathlib import Path

from sqlalchemy import Connection, Engine, text

from ledger.distribution import is_distributed
from ledger.private_files import DATABASE_FILES
from ledger.reading import ask
from ledger.schema import SCHEMA

_OF_A_SCHEMA = text(
    "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class AS c "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = :schema AND c.relkind = 'r'"
)


def ledger_bytes(engine: Engine) -> int | None:
    """None where its tables are on several machines: no one of them knows."""
    if engine.dialect.name == "sqlite":
        return file_bytes(Path(engine.url.database or ""))
    return schema_bytes(engine, SCHEMA)


def schema_bytes(engine: Engine, schema: str) -> int | None:
    """Of the tables of one schema of PostgreSQL, with their indexes."""

    def measured(connection: Connection) -> int | None:
        if is_distributed(connection):
            return None
        return int(connection.execute(_OF_A_SCHEMA, {"schema": schema}).scalar_one())

    return ask(engine, measured)


def file_bytes(path: Path) -> int:
    """Of a SQLite database, with what was written last and stands beside it."""
    files = (path.with_name(path.name + ending) for ending in DATABASE_FILES)
    return sum(each.stat().st_size for each in files if each.exists())
