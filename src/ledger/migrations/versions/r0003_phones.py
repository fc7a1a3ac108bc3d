"""Customers of release 0.1.0 become findable by phone: it did not claim their numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Facts about a customer hold the whole profile, and the last one is how they are: unless it says
# that they were deleted. One statement for each book, so that however many customers there are,
# none of them is in memory, and on a cluster each book is claimed where it is.
_CLAIMED = """
    INSERT INTO {schema}claims (book, kind, value, stream)
    SELECT last.book, 'phone', {phone} || {newline} || last.stream, last.stream
    FROM {schema}events AS last
    WHERE last.book = :book AND last.topic IN ('customer.registered', 'customer.updated')
    AND {phone} <> ''
    AND NOT EXISTS (
        SELECT 1 FROM {schema}events AS later
        WHERE later.book = :book AND later.stream = last.stream
        AND later.version = last.version + 1
    )
    ON CONFLICT DO NOTHING
"""
_SQLITE = {
    "schema": "",
    "phone": "json_extract(last.data, '$.personal.phone')",
    "newline": "char(10)",
}
_POSTGRESQL = {
    "schema": "whence.",
    "phone": "(CAST(last.data AS json) -> 'personal' ->> 'phone')",
    "newline": "chr(10)",
}


def upgrade() -> None:
    connection = op.get_bind()
    names = _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE
    books = f"{names['schema']}books"
    listed = f"SELECT {books}.book, {books}.position FROM {books} ORDER BY {books}.book"  # noqa: S608 (our own)
    claimed = sa.text(_CLAIMED.format(**names))
    for book in connection.execute(sa.text(listed)).scalars().all():
        connection.execute(claimed, {"book": book})
