"""Revision of the tables: which migration they are at.

A store that is at the one of this release, as nearly every store is, is opened without what brings
others there: importing that would take a tenth of the start.
"""

from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect, select

from ledger.errors import WrongSchema
from ledger.schema import SCHEMA

# That of the newest migration.
REVISION = "0011"

# Alembic's own table, made and written by it.
_revisions = Table("alembic_version", MetaData(schema=SCHEMA), Column("version_num", Text))


def revision(connection: Connection) -> str | None:
    """None where there are no tables."""
    schema = SCHEMA if connection.dialect.name == "postgresql" else None
    if not inspect(connection).has_table(_revisions.name, schema=schema):
        return None
    return connection.execute(select(_revisions.c.version_num)).scalar()


def migrate(connection: Connection) -> None:
    """In the transaction at hand. Raises WrongSchema when a newer release has been here."""
    found = revision(connection)
    if found == REVISION:
        return
    must_not_be_newer(found)
    from ledger.migrations.running import run  # noqa: PLC0415 (see above)

    run(connection)


def must_not_be_newer(found: str | None) -> None:
    """Raises WrongSchema when it is a revision that this release does not know."""
    if found in {None, REVISION}:
        return
    from ledger.migrations.running import known_revisions  # noqa: PLC0415 (see above)

    if found not in known_revisions():
        raise WrongSchema(
            f"the ledger's tables are as of {found}, which this release does not know: "
            "a newer release has been here"
        )
