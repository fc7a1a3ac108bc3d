"""Failed attempts to pay, and what the provider said.

One row for each failure: a payment that was tried again may have several. What a payment is *now*
is in payments.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, func, select

from domain.payment import Payment
from projections.engine.folding.changes import Changes, Recorded
from projections.engine.folding.definitions import ignoring
from projections.engine.folding.tables import first, key, view
from projections.engine.querying.conditions import between
from projections.payment_facts import Uncounted

failed_attempts = view(
    "failed_attempts",
    key("payment_id"),
    key("position", BigInteger),
    first("failure_code"),
    first("failure_message"),
    first("currency"),
    first("source"),
    first("source_id"),
    first("method"),
    first("provider"),
    first("country"),
    first("failed_at", BigInteger),
    indexes=[("failed_at",)],
)


@ignoring(
    *(Uncounted, Payment.Created, Payment.MethodSelected, Payment.CustomerAttached),
    *(Payment.Succeeded, Payment.Retried, Payment.Refunded, Payment.DisputeLost),
)
def fold(recorded: Recorded[Payment.Failed], changes: Changes) -> None:
    fact = recorded.fact
    changes.of(failed_attempts).merge(
        (fact.originator_id, recorded.position),
        failure_code=fact.failure_code,
        failure_message=fact.failure_message,
        currency=fact.currency,
        source=fact.source,
        source_id=fact.source_id,
        method=fact.method,
        provider=fact.provider,
        country=fact.country,
        failed_at=recorded.at,
    )


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How many attempts failed with one message."""

    error_message: str
    count: int


def failure_breakdown(
    connection: Connection,
    book: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    currency: str | None = None,
    limit: int = 100,
) -> list[FailureCount]:
    """The messages of what failed at `start` ≤ t < `end`, the most frequent first.

    Without `currency`: in all of them.
    """
    column = failed_attempts.c
    count = func.count()
    found = [column.book == book, *between(column.failed_at, start, end)]
    if currency is not None:
        found.append(column.currency == currency)
    rows = connection.execute(
        select(column.failure_message, count.label("failed"))
        .where(*found)
        .group_by(column.failure_message)
        .order_by(count.desc(), column.failure_message)
        .limit(limit)
    )
    return [FailureCount(row.failure_message, row.failed) for row in rows]
