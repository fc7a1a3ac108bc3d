"""Distribution over machines: every table is spread by its book, with Citus.

All of a book is on one machine, so a statement that names one book goes there whole, whatever is in
it. What names several is only sent where Citus takes it (docs/decisions, on Citus).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, text

from ledger.schema import SCHEMA, books

_FIRST = f"{SCHEMA}.{books.name}"

# Whoever changes tables holds it, until the transaction ends: a pooler between us is harmless.
LOCK_OF_THE_SCHEMA = 0x77_68_65_6E_63_65  # "whence"

# The books first: the others are put where they are.
_TO_SPREAD = text(
    """
    SELECT n.nspname || '.' || c.relname AS name FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'book'
    WHERE n.nspname = :schema AND c.relkind = 'r'
    AND c.oid NOT IN (SELECT logicalrelid FROM pg_dist_partition)
    ORDER BY n.nspname || '.' || c.relname <> :first, c.relname
    """
)

_SPREAD = text(
    """
    SELECT n.nspname || '.' || c.relname AS name FROM pg_dist_partition AS p
    JOIN pg_class AS c ON c.oid = p.logicalrelid
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = :schema ORDER BY name
    """
)


class NotDistributable(ValueError):  # noqa: N818 (an answer to the operator, not a fault)
    """This database cannot spread its tables over machines."""


def look(connection: Any) -> bool:
    """Whether the store behind a new connection of the driver's is spread over machines."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_dist_partition')")
        found = cursor.fetchone()[0] is not None
        if found:
            cursor.execute(
                "SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = to_regclass(%s)",
                (_FIRST,),
            )
            found = cursor.fetchone()[0] > 0
    connection.rollback()
    return found


def is_distributed(connection: Connection) -> bool:
    """What was seen when the connection was made."""
    return bool(connection.info.get("distributed"))


def together(connection: Connection, names: Sequence[str]) -> list[Sequence[str]]:
    """The books as one statement may lock them: all of them, or one by one on a cluster."""
    return [[name] for name in names] if is_distributed(connection) else [names]


def distribute(connection: Connection, schema: str) -> list[str]:
    """Spreads the tables of a schema that are not spread yet, beside the books; their names."""
    connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_OF_THE_SCHEMA})"))
    # Tables made in this very transaction are only seen by the connections that made them.
    connection.execute(text("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"))
    found = connection.execute(_TO_SPREAD, {"schema": schema, "first": _FIRST}).scalars().all()
    for name in found:
        connection.execute(
            text("SELECT create_distributed_table(:name, 'book', colocate_with => :beside)"),
            {"name": name, "beside": "none" if name == _FIRST else _FIRST},
        )
    return list(found)


def spread(engine: Engine, schema: str) -> list[str]:
    """Spreads the tables of a schema, and takes their rows off the machine that had them all.

    May be said again: what is spread already stays, and what an interruption left of it on that
    machine is taken off. The names of those it spread. Nobody may use them meanwhile.
    """
    unhurried = engine.execution_options(unhurried=True)
    with unhurried.begin() as connection:
        found = distribute(connection, schema)
    with unhurried.begin() as connection:
        every = connection.execute(_SPREAD, {"schema": schema}).scalars().all()
    for name in every:
        # What was here before stays hidden under the table: it takes room, and constraints see it.
        with unhurried.begin() as connection:
            connection.execute(
                text("SELECT truncate_local_data_after_distributing_table(:name)"), {"name": name}
            )
    return found


def distribute_store(engine: Engine) -> list[str]:
    """Spreads the ledger's tables as `spread` does. Raises NotDistributable."""
    if engine.dialect.name != "postgresql":
        raise NotDistributable(
            "a SQLite store is one file: copy it into PostgreSQL first (`whence db copy`)"
        )
    with engine.begin() as connection:
        known = connection.execute(text("SELECT to_regclass('pg_dist_partition')")).scalar()
    if known is None:
        raise NotDistributable(
            "this PostgreSQL has no Citus: install it on every machine, "
            "then run CREATE EXTENSION citus in this database"
        )
    return spread(engine, SCHEMA)
