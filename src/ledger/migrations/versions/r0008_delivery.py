"""Delivery: how far everybody is told, what is behind, and each attempt."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NAME: TypeEngine[str] = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_WHOSE = ("book", "follower", "cursor")


def upgrade() -> None:
    schema = "whence" if op.get_context().dialect.name == "postgresql" else None
    op.create_table(
        "delivery_cursors",
        *_key(),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("failing_since", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("next_probe_at", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deliveries",
        *_key("position"),
        sa.Column("lane", _NAME, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", sa.Text, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "delivery_attempts",
        *_key("position", "attempt"),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("http_status", sa.Integer, nullable=False),
        sa.Column("response", sa.Text, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
    for name, columns in (
        ("deliveries_lane", [*_WHOSE, "lane", "position"]),
        ("deliveries_due", [*_WHOSE, "next_attempt_at"]),
    ):
        op.create_index(name, "deliveries", columns, schema=schema)
    op.create_index("delivery_attempts_at", "delivery_attempts", ["book", "at"], schema=schema)


def _key(*numbers: str) -> list[sa.Column[Any]]:
    types = {"position": sa.BigInteger, "attempt": sa.Integer}
    return [
        *(sa.Column(name, _NAME, primary_key=True) for name in _WHOSE),
        *(sa.Column(n, types[n], primary_key=True, autoincrement=False) for n in numbers),
    ]
