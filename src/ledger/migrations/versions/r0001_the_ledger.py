"""The ledger: heads of books, facts, claims, replies, generations, and the store's identity."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The tables are written out, not imported: a step of the past must not change with the code.
_NAME: TypeEngine[str] = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    schema = "whence" if op.get_context().dialect.name == "postgresql" else None
    op.create_table(
        "store",
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        schema=schema,
    )
    op.create_table(
        "books",
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events",
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stream", _NAME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("book", "stream", "version", name="events_stream_version"),
        schema=schema,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "claims",
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("kind", _NAME, primary_key=True),
        sa.Column("value", _NAME, primary_key=True),
        sa.Column("stream", _NAME, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "replies",
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("key", _NAME, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.Text, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "generations",
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("definitions", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
