"""Customers of release 0.1.0 become findable by phone: it did not claim their numbers."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Facts about a customer hold the whole profile, and the last one is how they are: unless it says
# that they were deleted. One statement, so however many customers there are, none is in memory.
_CLAIMED = """
    INSERT INTO {schema}claims (book, kind, value, stream)
    SELECT last.book, 'phone', {phone} || {newline} || last.stream, last.stream
    FROM {schema}events AS last
    WHERE last.topic IN ('customer.registered', 'customer.updated')
    AND {phone} <> ''
    AND NOT EXISTS (
        SELECT 1 FROM {schema}events AS later
        WHERE later.book = last.book AND later.stream = last.stream
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
    "phone": "(last.data::json -> 'personal' ->> 'phone')",
    "newline": "chr(10)",
}


def upgrade() -> None:
    names = _POSTGRESQL if op.get_context().dialect.name == "postgresql" else _SQLITE
    op.get_bind().exec_driver_sql(_CLAIMED.format(**names))
