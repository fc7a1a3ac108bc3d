"""Leases: of several processes, one at a time works on a named thing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAME: TypeEngine[str] = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    schema = "whence" if op.get_context().dialect.name == "postgresql" else None
    op.create_table(
        "leases",
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("holder", _NAME, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
