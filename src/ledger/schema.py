"""The tables of the ledger.

``book`` leads every primary key and every unique constraint, so that the tables can be spread over
machines by it. On SQLite the schema's name is dropped (`ledger.database`).
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
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

# Who is alive: each process renews its row every few seconds, with what it does (JSON), and whoever
# renews theirs takes those away that were not seen for long (`ledger.processes`). `book` is the
# empty text; moments are as those of leases, and it is not copied either.
processes = Table(
    "processes",
    metadata,
    Column("book", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("release", Text, nullable=False),
    Column("duties", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Rebuilds and verifications of the store: who asked, how far it is, and what came of it (JSON).
# Whoever carries one out holds it until `held_until`, as a lease is held; when they are gone it is
# begun again, so many times. `book` is the empty text; written by `projections`.
maintenance_runs = Table(
    "maintenance_runs",
    metadata,
    Column("book", Name, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("organization", Name, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", Text, nullable=False),
    Column("began_at", Text, nullable=False),
    Column("ended_at", Text, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("holder", Name, nullable=False),
    Column("held_until", BigInteger, nullable=False),
    Column("facts", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("report", Text, nullable=False),
    sqlite_with_rowid=False,
)

# Whoever is told of facts (an endpoint), and up to which position each of it is done or
# stands in `deliveries`. `cursor` is `live`, or the id of a replay, which ends at `until`. While
# `next_probe_at` says something, nobody answers there, and `error` says why. (Here and below, what
# there is not is the empty text or 0: rows travel by the hundred as arrays, which know no null.)
delivery_cursors = Table(
    "delivery_cursors",
    metadata,
    Column("book", Name, primary_key=True),
    Column("follower", Name, primary_key=True),
    Column("cursor", Name, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("failing_since", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next_probe_at", Text, nullable=False),
    Column("error", Text, nullable=False),
    sqlite_with_rowid=False,
)

# What is behind its cursor: `retrying`, `waiting` for an earlier one of the same lane (a customer,
# or a stream that is about nobody), or `failed` for good. What arrived stands here no more.
deliveries = Table(
    "deliveries",
    metadata,
    Column("book", Name, primary_key=True),
    Column("follower", Name, primary_key=True),
    Column("cursor", Name, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("lane", Name, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Text, nullable=False),
    Index("deliveries_lane", "book", "follower", "cursor", "lane", "position"),
    Index("deliveries_due", "book", "follower", "cursor", "next_attempt_at"),
    sqlite_with_rowid=False,
)

# Each time something was sent, kept for a while: a status of 200 to 299 when it was taken, 0 when
# nobody answered; the beginning of the answer; what usually causes it where it was not taken. Also
# each try of an action: `follower` is its rule then, `cursor` its number, and there is no status.
delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("book", Name, primary_key=True),
    Column("follower", Name, primary_key=True),
    Column("cursor", Name, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("http_status", Integer, nullable=False),
    Column("response", Text, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Index("delivery_attempts_at", "book", "at"),
    sqlite_with_rowid=False,
)

# Up to which position of a book it has been looked what follows by its rules.
workflow_cursors = Table(
    "workflow_cursors",
    metadata,
    Column("book", Name, primary_key=True),
    Column("position", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What followed from a fact by a rule, as the rule was then. `awaiting` asks its conditions when its
# turn comes; then it is `pending`, `running`, and `completed` or `failed`. `customer` is whom it is
# about.
workflow_executions = Table(
    "workflow_executions",
    metadata,
    Column("book", Name, primary_key=True),
    Column("rule", Name, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("rule_version", Integer, nullable=False),
    Column("customer", Name, nullable=False),
    Column("shadow", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("completed_at", Text, nullable=False),
    Column("error", Text, nullable=False),
    Index("workflow_executions_at", "book", "created_at"),
    Index("workflow_executions_customer", "book", "customer", "created_at"),
    sqlite_with_rowid=False,
)

# Each action of an execution: `pending`, `retrying`, then `success`, `failed` or `skipped`. While
# `due_at` says something it is still to be done; whoever does it moves that into the future, so
# that another takes over should they not come back. What was sent is not kept, nor to which
# address: both can be said again from the fact, the rule and the template of these versions.
workflow_actions = Table(
    "workflow_actions",
    metadata,
    Column("book", Name, primary_key=True),
    Column("rule", Name, primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("integration", Name, nullable=False),
    Column("template", Name, nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("completed_at", Text, nullable=False),
    Column("response", Text, nullable=False),
    Column("error", Text, nullable=False),
    Index("workflow_actions_due", "book", "due_at"),
    Index("workflow_actions_integration", "book", "integration", "completed_at"),
    sqlite_with_rowid=False,
)
