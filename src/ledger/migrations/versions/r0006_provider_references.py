"""What providers called payments and refunds is claimed: it stands for one from now on.

Of those that stand twice already, the one that was recorded first has the name, and they are
reported.
"""

import logging
from typing import Final, NamedTuple

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_log = logging.getLogger(__name__)


class _Named(NamedTuple):
    """What is named by a field of facts, and how often one name may stand in a book."""

    kind: str
    topics: str
    field: str
    once: str


# The simulator makes its references of the ids of its payments: they are claimed by that alone.
_NAMED: Final = (
    _Named(
        "provider_reference",
        "'payment.processing_started', 'payment.authorized', 'payment.succeeded'",
        "provider_ref_id",
        "COUNT(DISTINCT named.stream)",
    ),
    _Named("provider_refund", "'payment.refunded'", "provider_refund_id", "COUNT(*)"),
)
_NAMES = """
    SELECT COALESCE({provider}, '') || {newline} || {reference} AS value,
    fact.stream AS stream, fact.position AS position
    FROM {schema}events AS fact
    WHERE fact.book = :book AND fact.topic IN ({topics}) AND {reference} <> ''
    AND NOT (
        COALESCE({provider}, '') = 'simulator'
        AND {reference} = 'sim_' || SUBSTR(fact.stream, 5)
    )
"""
# One statement for each book, as for the phone numbers; of several the first is claimed.
_CLAIMED = """
    INSERT INTO {schema}claims (book, kind, value, stream)
    SELECT :book, '{kind}', named.value, named.stream FROM ({names}) AS named
    WHERE TRUE ORDER BY named.position
    ON CONFLICT DO NOTHING
"""
_TWICE = """
    SELECT named.value, {listed} FROM ({names}) AS named
    GROUP BY named.value HAVING {once} > 1 ORDER BY named.value
"""
_SQLITE = {
    "schema": "",
    "newline": "char(10)",
    "provider": "TRIM(json_extract(fact.data, '$.provider'))",
    "field": "TRIM(json_extract(fact.data, '$.{}'))",
    "listed": "GROUP_CONCAT(DISTINCT named.stream)",
}
_POSTGRESQL = {
    "schema": "whence.",
    "newline": "chr(10)",
    "provider": "TRIM(CAST(fact.data AS json) ->> 'provider')",
    "field": "TRIM(CAST(fact.data AS json) ->> '{}')",
    "listed": "STRING_AGG(DISTINCT named.stream, ',')",
}


def upgrade() -> None:
    connection = op.get_bind()
    words = _POSTGRESQL if connection.dialect.name == "postgresql" else _SQLITE
    books = f"{words['schema']}books"
    listed = f"SELECT {books}.book, {books}.position FROM {books} ORDER BY {books}.book"  # noqa: S608 (our own)
    for book in connection.execute(sa.text(listed)).scalars().all():
        for named in _NAMED:
            _claim(connection, words, named, book)


def _claim(connection: sa.Connection, words: dict[str, str], named: _Named, book: str) -> None:
    given = words | named._asdict() | {"reference": words["field"].format(named.field)}
    given["names"] = _NAMES.format(**given)
    connection.execute(sa.text(_CLAIMED.format(**given)), {"book": book})
    for value, streams in connection.execute(sa.text(_TWICE.format(**given)), {"book": book}):
        provider, _, reference = value.partition("\n")
        _log.warning(
            "in %s the %s %r of %s stands for more than one: see %s",
            *(book, named.kind.replace("_", " "), reference, provider or "no provider"),
            ", ".join(sorted(streams.split(","))),
        )
