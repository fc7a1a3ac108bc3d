"""Workflows: what followed from a fact by a rule, and each action of it."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NAME: TypeEngine[str] = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    schema = "whence" if op.get_context().dialect.name == "postgresql" else None
    op.create_table(
        "workflow_cursors",
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        schema=schema,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "workflow_executions",
        *_key(),
        sa.Column("rule_version", sa.Integer, nullable=False),
        sa.Column("customer", _NAME, nullable=False),
        sa.Column("shadow", sa.Integer, nullable=False),
        *_texts("state", "created_at", "started_at", "completed_at", "error"),
        schema=schema,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "workflow_actions",
        *_key(),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("type", "state", "due_at"),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("integration", _NAME, nullable=False),
        sa.Column("template", _NAME, nullable=False),
        sa.Column("template_version", sa.Integer, nullable=False),
        *_texts("started_at", "completed_at", "response", "error"),
        schema=schema,
        sqlite_with_rowid=False,
    )
    for table, name, columns in (
        ("workflow_executions", "at", ["created_at"]),
        ("workflow_executions", "customer", ["customer", "created_at"]),
        ("workflow_actions", "due", ["due_at"]),
        ("workflow_actions", "integration", ["integration", "completed_at"]),
    ):
        op.create_index(f"{table}_{name}", table, ["book", *columns], schema=schema)


def _key() -> list[sa.Column[Any]]:
    return [
        sa.Column("book", _NAME, primary_key=True),
        sa.Column("rule", _NAME, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    ]


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]
