"""The tables of the ledger.

``book`` leads every primary key and every unique constraint, so that the tables can be spread over
machines by it. On SQLite the schema's name is dropped (`ledger.database`).
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

SCHEMA = "whence"

metadata = MetaData(schema=SCHEMA)

# Names are compared byte by byte on both databases: locks are taken in the same order everywhere,
# and a prefix is a range.
Name: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")

# `book` is the empty text: the row speaks for the whole store.
store = Table(
    "store",
    metadata,
    Column("book", Name, primary_key=True),
    Column("id", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
)

books = Table(
    "books",
    metadata,
    Column("book", Name, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("recorded_at", Text, nullable=False),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    Column("book", Name, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", Name, nullable=False),
    Column("version", Integer, nullable=False),
    Column("topic", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("context", Text, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    UniqueConstraint("book", "stream", "version", name="events_stream_version"),
    sqlite_with_rowid=False,
)

claims = Table(
    "claims",
    metadata,
    Column("book", Name, primary_key=True),
    Column("kind", Name, primary_key=True),
    Column("value", Name, primary_key=True),
    Column("stream", Name, nullable=False),
    sqlite_with_rowid=False,
)

replies = Table(
    "replies",
    metadata,
    Column("book", Name, primary_key=True),
    Column("key", Name, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("expires_at", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Which set of views serves. `book` is the empty text here too; written by `projections`.
generations = Table(
    "generations",
    metadata,
    Column("book", Name, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("definitions", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Which worker folds the books of which lane, and until when. `book` is the empty text once more;
# written by `projections`. A moment is in microseconds since the epoch, on the database's clock.
lanes = Table(
    "lanes",
    metadata,
    Column("book", Name, primary_key=True),
    Column("views", Name, primary_key=True),
    Column("lane", Integer, primary_key=True, autoincrement=False),
    Column("worker", Name, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Those who share the lanes, whether they hold any or not.
workers = Table(
    "workers",
    metadata,
    Column("book", Name, primary_key=True),
    Column("views", Name, primary_key=True),
    Column("worker", Name, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Who works on a named thing, and until when (`ledger.lease`); not copied with a store, because it
# speaks of processes. A moment is in microseconds since the epoch, on the database's clock.
leases = Table(
    "leases",
    metadata,
    Column("book", Name, primary_key=True),
    Column("name", Name, primary_key=True),
    Column("holder", Name, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
