"""How alembic reaches the ledger: through the connection `ledger.database.upgrade` hands over."""

from alembic import context

from ledger.schema import SCHEMA, metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table_schema=SCHEMA if connection.dialect.name == "postgresql" else None,
    # The transaction belongs to whoever holds the lock.
    transaction_per_migration=False,
)
context.run_migrations()
