"""Lanes and workers: how several processes share the work on the views."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NAME: TypeEngine[str] = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    schema = "whence" if op.get_context().dialect.name == "postgresql" else None
    op.create_table(
        "lanes",
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("views", _NAME, primary_key=True),
        sa.Column("lane", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("worker", _NAME, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "workers",
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("views", _NAME, primary_key=True),
        sa.Column("worker", _NAME, primary_key=True),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
