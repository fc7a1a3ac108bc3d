"""Subscriptions and open invoices become findable by their customer, as they were not claimed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Every fact of either says whose it is and how it stands from then on, so the last one is enough.
# One statement for each book, as for the phone numbers. (What counts invoices is none.)
_CLAIMED = """
    INSERT INTO {schema}claims (book, kind, value, stream)
    SELECT last.book, '{kind}', {value} || {newline} || last.stream, last.stream
    FROM {schema}events AS last
    WHERE last.book = :book AND last.topic LIKE '{topics}'
    AND last.topic <> 'invoice.numbered' AND {status} NOT IN ({ended})
    AND NOT EXISTS (
        SELECT 1 FROM {schema}events AS later
        WHERE later.book = :book AND later.stream = last.stream
        AND later.version = last.version + 1
    )
    ON CONFLICT DO NOTHING
"""
_SQLITE = {"schema": "", "newline": "char(10)", "field": "json_extract(last.data, '$.{}')"}
_POSTGRESQL = {
    "schema": "whence.",
    "newline": "chr(10)",
    "field": "(CAST(last.data AS json) ->> '{}')",
}


def upgrade() -> None:
    connection = op.get_bind()
    names = _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE
    books = f"{names['schema']}books"
    listed = f"SELECT {books}.book, {books}.position FROM {books} ORDER BY {books}.book"  # noqa: S608 (our own)
    claimed = [sa.text(statement) for statement in _statements(names)]
    for book in connection.execute(sa.text(listed)).scalars().all():
        for statement in claimed:
            connection.execute(statement, {"book": book})


def _statements(names: dict[str, str]) -> list[str]:
    field, newline = names["field"], names["newline"]
    customer, subscription = field.format("customer_id"), field.format("subscription_id")
    same = {"schema": names["schema"], "newline": newline, "status": field.format("status")}
    return [
        _CLAIMED.format(
            kind="customer_subscription",
            topics="subscription.%",
            value=customer,
            ended="'canceled'",
            **same,
        ),
        _CLAIMED.format(
            kind="open_invoice",
            topics="invoice.%",
            value=f"{customer} || {newline} || {subscription}",
            ended="'paid', 'canceled'",
            **same,
        ),
    ]
