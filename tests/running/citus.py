"""A PostgreSQL that thinks it is a cluster: what Citus is asked for is remembered and checked.

Citus itself is in no package registry. This does nothing to the tables, but refuses what Citus
refuses when a table is to be spread: so the commands that spread them run for real.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

_CITUS = """
CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, beside text NOT NULL);
CREATE TABLE emptied (name regclass PRIMARY KEY);

CREATE FUNCTION create_distributed_table(
    table_name regclass, distribution_column text, colocate_with text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    place smallint := (
        SELECT attnum FROM pg_attribute
        WHERE attrelid = table_name AND attname = distribution_column
    );
BEGIN
    IF place IS NULL THEN
        RAISE 'column % of % does not exist', distribution_column, table_name;
    END IF;
    IF table_name IN (SELECT logicalrelid FROM pg_dist_partition) THEN
        RAISE 'table % is already distributed', table_name;
    END IF;
    IF EXISTS (
        SELECT FROM pg_constraint
        WHERE conrelid = table_name AND contype NOT IN ('c', 'n') AND NOT place = ANY (conkey)
    ) THEN
        RAISE 'cannot create constraint on %: it lacks the distribution column', table_name;
    END IF;
    IF colocate_with <> 'none' AND NOT EXISTS (
        SELECT FROM pg_dist_partition AS p
        JOIN pg_attribute AS a ON a.attrelid = p.logicalrelid AND a.attname = distribution_column
        JOIN pg_attribute AS mine ON mine.attrelid = table_name AND mine.attnum = place
        WHERE p.logicalrelid = colocate_with::regclass
        AND (a.atttypid, a.attcollation) = (mine.atttypid, mine.attcollation)
    ) THEN
        RAISE 'cannot colocate tables % and %', table_name, colocate_with;
    END IF;
    INSERT INTO pg_dist_partition VALUES (table_name, colocate_with);
END $$;

CREATE FUNCTION truncate_local_data_after_distributing_table(table_name regclass)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF table_name NOT IN (SELECT logicalrelid FROM pg_dist_partition) THEN
        RAISE 'supplied parameter is not a distributed relation';
    END IF;
    INSERT INTO emptied VALUES (table_name) ON CONFLICT DO NOTHING;
END $$;
"""


def pretend_citus(url: str) -> None:
    """Lets the database think that it has Citus."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(_CITUS))


def spread_beside(url: str) -> dict[str, str]:
    """The tables that were spread, and beside which."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT logicalrelid::text, beside FROM pg_dist_partition")
        return dict(found.fetchall())


@contextmanager
def emptying_fails(url: str, table: str) -> Iterator[None]:
    """Meanwhile the rows of this table cannot be taken off the machine that had them all."""
    with psycopg.connect(url, autocommit=True) as connection:
        refused = sql.SQL("ALTER TABLE emptied ADD CONSTRAINT fails CHECK (name <> {}::regclass)")
        connection.execute(refused.format(sql.Literal(table)))
        yield
        connection.execute("ALTER TABLE emptied DROP CONSTRAINT fails")


def emptied(url: str) -> set[str]:
    """The tables whose rows were taken off the machine that had them all."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT name::text FROM emptied")
        return {name for (name,) in found}
